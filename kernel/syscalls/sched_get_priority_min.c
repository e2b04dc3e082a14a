/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_get_priority_min(2). */
#include "abi/linux/errno.h"
#include "abi/linux/sched.h"
#include "abi_handlers.h"

static long limit(int policy, long realtime)
{
    switch (policy) {
    case SCHED_FIFO:
    case SCHED_RR:
        return realtime;
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_IDLE:
    case SCHED_DEADLINE:
        return 0;
    default:
        return -EINVAL;
    }
}

long sys_sched_get_priority_max(int policy) { return limit(policy, 99); }
long sys_sched_get_priority_min(int policy) { return limit(policy, 1); }
