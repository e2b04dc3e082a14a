/* SPDX-License-Identifier: BSD-3-Clause */
/* See nanosleep(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/sleep.h"
#include "time/convert.h"

long sys_nanosleep(struct user_ptr request, struct user_ptr remaining)
{
    u64 duration_ns;
    int error = load_timespec(&duration_ns, request);

    return error ? error : sleep_for(SLEEP_ON_TIME, duration_ns, remaining);
}
