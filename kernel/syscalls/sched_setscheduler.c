/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_setscheduler(2). Real-time policies are refused, as to a user without RLIMIT_RTPRIO. */
#include "abi/linux/errno.h"
#include "abi/linux/sched.h"
#include "abi_handlers.h"
#include "task/task.h"

long sys_sched_getscheduler(int pid)
{
    if (pid < 0)
        return -EINVAL;
    return pid && !thread_find(pid) ? -ESRCH : SCHED_OTHER;
}

long sys_sched_setscheduler(int pid, int policy, struct user_ptr param)
{
    u32 priority;

    if (pid < 0 || user_is_null(param))
        return -EINVAL;
    if (read_program_u32(&priority, param))
        return -EFAULT;
    if (pid && !thread_find(pid))
        return -ESRCH;
    switch (policy & ~SCHED_RESET_ON_FORK) {
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_IDLE:
        return priority ? -EINVAL : 0;
    case SCHED_FIFO:
    case SCHED_RR:
        return priority < 1 || priority > 99 ? -EINVAL : -EPERM;
    default:
        return -EINVAL;
    }
}
