/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_rr_get_interval(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "time/convert.h"

#define SLICE_NS 4000000ull /* what Linux shows for SCHED_OTHER on an idle CPU, about */

long sys_sched_rr_get_interval(int pid, struct user_ptr interval)
{
    if (pid < 0)
        return -EINVAL;
    if (pid && !thread_find(pid))
        return -ESRCH;
    return store_timespec(interval, SLICE_NS);
}
