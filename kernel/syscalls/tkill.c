/* SPDX-License-Identifier: BSD-3-Clause */
/* See tkill(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

static long send(int tgid, int tid, int signal)
{
    struct thread *t = thread_find(tid);
    struct linux_siginfo info = {.si_signo = signal, .si_code = SI_TKILL};

    if (signal < 0 || signal > LINUX_NSIG)
        return -EINVAL;
    if (!t || (tgid && t->process->pid != tgid))
        return -ESRCH;
    info.sent.si_pid = current_process()->pid;
    info.sent.si_uid = current_process()->credentials.uid;
    return signal ? signal_send_thread(t, signal, &info) : 0;
}

long sys_tgkill(int tgid, int tid, int signal)
{
    return tgid <= 0 || tid <= 0 ? -EINVAL : send(tgid, tid, signal);
}

long sys_tkill(int tid, int signal)
{
    return tid <= 0 ? -EINVAL : send(0, tid, signal);
}
