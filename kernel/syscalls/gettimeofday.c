/* SPDX-License-Identifier: BSD-3-Clause */
/* See gettimeofday(2). The kernel's timezone is UTC. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "time/convert.h"
#include "time/timer.h"

#define TIMEZONE_BYTES 8

long sys_gettimeofday(struct user_ptr now, struct user_ptr zone)
{
    if (!user_is_null(now) && store_timeval(now, clock_realtime_ns()))
        return -EFAULT;
    if (!user_is_null(zone) && clear_program(zone, TIMEZONE_BYTES))
        return -EFAULT;
    return 0;
}
