/* SPDX-License-Identifier: BSD-3-Clause */
/* See time(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "time/timer.h"

long sys_time(struct user_ptr now)
{
    u64 seconds = clock_realtime_ns() / NSEC_PER_SEC;

    if (!user_is_null(now) && write_program_u64(now, seconds))
        return -EFAULT;
    return (long)seconds;
}
