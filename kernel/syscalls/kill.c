/* SPDX-License-Identifier: BSD-3-Clause */
/* See kill(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

long sys_kill(int pid, int signal)
{
    const struct process *p = current_process();
    struct linux_siginfo info = {.si_signo = signal, .si_code = SI_USER};

    info.sent.si_pid = p->pid;
    info.sent.si_uid = p->credentials.uid;
    if (pid > 0)
        return signal_to_pid(pid, signal, &info);
    if (pid == INT32_MIN)
        return -ESRCH;
    if (pid == -1)
        return signal_to_all(signal, &info);
    return signal_to_group(pid ? -pid : p->pgid, signal, &info);
}
