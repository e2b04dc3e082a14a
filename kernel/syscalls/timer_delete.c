/* SPDX-License-Identifier: BSD-3-Clause */
/* See timer_delete(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/posix_timer.h"

long sys_timer_delete(int timer)
{
    struct posix_timer *t = posix_timer_find(timer);

    if (!t)
        return -EINVAL;
    posix_timer_delete(t);
    return 0;
}
