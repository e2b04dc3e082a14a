/* SPDX-License-Identifier: BSD-3-Clause */
/* See clock_nanosleep(2). */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "task/sleep.h"
#include "time/convert.h"
#include "time/timer.h"


/* A CLOCK_REALTIME deadline as a monotonic one; the clock is never set while we run. */
static u64 to_monotonic(int clock, u64 deadline_ns)
{
    u64 there_ns = 0;

    if (clock_read(clock, &there_ns) || deadline_ns <= there_ns)
        return 0;
    return clock_monotonic_ns() + (deadline_ns - there_ns);
}

long sys_clock_nanosleep(int clock, int flags, struct user_ptr request, struct user_ptr remaining)
{
    u64 ns, unused;

    if (clock == CLOCK_THREAD_CPUTIME_ID)
        return -EINVAL;
    if (clock == CLOCK_PROCESS_CPUTIME_ID) /* see abi/coverage */
        return -EOPNOTSUPP;
    if (clock_read(clock, &unused))
        return -EINVAL;
    int error = load_timespec(&ns, request);
    if (error)
        return error;
    if (flags & TIMER_ABSTIME)
        return sleep_until(to_monotonic(clock, ns));
    return sleep_for(ns, remaining);
}
