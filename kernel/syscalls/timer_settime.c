/* SPDX-License-Identifier: BSD-3-Clause */
/* See timer_settime(2). */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "task/posix_timer.h"
#include "time/convert.h"

static int store(struct user_ptr to, struct timer_setting s)
{
    return store_itimerspec(to, s.interval_ns, s.value_ns);
}

long sys_timer_settime(int timer, int flags, struct user_ptr new_value, struct user_ptr old_value)
{
    struct timer_setting wanted;

    if (user_is_null(new_value))
        return -EINVAL;
    int error = load_itimerspec(&wanted.interval_ns, &wanted.value_ns, new_value);
    if (error)
        return error;
    struct posix_timer *t = posix_timer_find(timer);
    if (!t)
        return -EINVAL;
    struct timer_setting old = posix_timer_get(t);
    posix_timer_set(t, wanted, flags & TIMER_ABSTIME);
    return user_is_null(old_value) ? 0 : store(old_value, old);
}

long sys_timer_gettime(int timer, struct user_ptr value)
{
    struct posix_timer *t = posix_timer_find(timer);

    return t ? store(value, posix_timer_get(t)) : -EINVAL;
}
