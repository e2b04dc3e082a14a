/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_setparam(2). Every thread is SCHED_OTHER, whose only priority is 0. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

long sys_sched_getparam(int pid, struct user_ptr param)
{
    if (pid < 0 || user_is_null(param))
        return -EINVAL;
    if (pid && !thread_find(pid))
        return -ESRCH;
    return write_program_u32(param, 0);
}

long sys_sched_setparam(int pid, struct user_ptr param)
{
    u32 priority;

    if (pid < 0 || user_is_null(param))
        return -EINVAL;
    if (read_program_u32(&priority, param))
        return -EFAULT;
    if (pid && !thread_find(pid))
        return -ESRCH;
    return priority ? -EINVAL : 0;
}
