/* SPDX-License-Identifier: BSD-3-Clause */
/* See timer_getoverrun(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/posix_timer.h"

long sys_timer_getoverrun(int timer)
{
    const struct posix_timer *t = posix_timer_find(timer);

    return t ? posix_timer_overrun(t) : -EINVAL;
}
