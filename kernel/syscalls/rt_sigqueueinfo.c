/* SPDX-License-Identifier: BSD-3-Clause */
/* See rt_sigqueueinfo(2). A thread may send itself any si_code; to others only SI_QUEUE and
 * other negative ones, except SI_TKILL. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

static long load_info(int target, int signal, struct user_ptr info, struct linux_siginfo *out)
{
    if (copy_from_program(out, info, sizeof(*out)))
        return -EFAULT;
    if ((out->si_code >= 0 || out->si_code == SI_TKILL) && target != current_thread()->tid)
        return -EPERM;
    out->si_signo = signal;
    return 0;
}

long sys_rt_sigqueueinfo(int pid, int signal, struct user_ptr info)
{
    struct linux_siginfo copy;
    long error = load_info(pid, signal, info, &copy);

    return error ? error : signal_to_pid(pid, signal, &copy);
}

long sys_rt_tgsigqueueinfo(int tgid, int tid, int signal, struct user_ptr info)
{
    struct linux_siginfo copy;

    if (tgid <= 0 || tid <= 0)
        return -EINVAL;
    long error = load_info(tid, signal, info, &copy);
    return error ? error : signal_to_thread(tgid, tid, signal, &copy);
}
