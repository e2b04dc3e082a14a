/* SPDX-License-Identifier: BSD-3-Clause */
/* See getitimer(2). */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "task/interval.h"
#include "time/convert.h"

static int store(struct user_ptr to, struct interval v)
{
    int error = store_timeval(to, v.repeat_ns);
    return error ? error : store_timeval(user_at(to, sizeof(struct linux_timeval)), v.left_ns);
}

long sys_getitimer(int which, struct user_ptr value)
{
    if (which < 0 || which >= INTERVAL_KINDS)
        return -EINVAL;
    return store(value, interval_get((enum interval_kind)which));
}

long sys_setitimer(int which, struct user_ptr new_value, struct user_ptr old_value)
{
    struct interval wanted = {0};

    if (!user_is_null(new_value)) {
        int error = load_timeval(&wanted.repeat_ns, new_value);
        if (!error)
            error = load_timeval(&wanted.left_ns,
                                 user_at(new_value, sizeof(struct linux_timeval)));
        if (error)
            return error;
    }
    if (which < 0 || which >= INTERVAL_KINDS)
        return -EINVAL;
    struct interval old = interval_set((enum interval_kind)which, wanted);
    return user_is_null(old_value) ? 0 : store(old_value, old);
}
