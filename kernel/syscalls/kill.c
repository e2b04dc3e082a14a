/* SPDX-License-Identifier: BSD-3-Clause */
/* See kill(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

static bool addressed(const struct process *p, int pid)
{
    if (pid > 0)
        return p->pid == pid;
    if (pid == 0)
        return p->pgid == current_process()->pgid;
    if (pid == -1) /* everyone but the first process and, on Linux, oneself */
        return p->pid != 1 && p != current_process();
    return p->pgid == -pid;
}

long sys_kill(int pid, int signal)
{
    struct linux_siginfo info = {.si_signo = signal, .si_code = SI_USER};
    bool found = false;

    if (signal < 0 || signal > LINUX_NSIG)
        return -EINVAL;
    info.sent.si_pid = current_process()->pid;
    info.sent.si_uid = current_process()->credentials.uid;
    list_for_each_safe(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        if (!addressed(p, pid))
            continue;
        found = true;
        if (signal)
            signal_send_process(p, signal, &info);
    }
    return found ? 0 : -ESRCH;
}
