/* SPDX-License-Identifier: BSD-3-Clause */
/* See tkill(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

static long send(int tgid, int tid, int signal)
{
    struct linux_siginfo info = {.si_signo = signal, .si_code = SI_TKILL};

    info.sent.si_pid = current_process()->pid;
    info.sent.si_uid = current_process()->credentials.uid;
    return signal_to_thread(tgid, tid, signal, &info);
}

long sys_tgkill(int tgid, int tid, int signal)
{
    return tgid <= 0 || tid <= 0 ? -EINVAL : send(tgid, tid, signal);
}

long sys_tkill(int tid, int signal)
{
    return tid <= 0 ? -EINVAL : send(0, tid, signal);
}
