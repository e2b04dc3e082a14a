/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_rr_get_interval(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/run_queue.h"
#include "time/convert.h"

long sys_sched_rr_get_interval(int pid, struct user_ptr interval)
{
    if (pid < 0)
        return -EINVAL;
    const struct thread *t = pid ? thread_find(pid) : current_thread();
    return t ? store_timespec(interval, run_queue_slice_ns(t)) : -ESRCH;
}
