/* SPDX-License-Identifier: BSD-3-Clause */
/* See timerfd_create(2): timerfd_create, timerfd_settime, timerfd_gettime. */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "files/events.h"
#include "task/credentials.h"
#include "time/convert.h"
#include "time/timer.h"

#define SET_FLAGS (TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)

static bool clock_fits(int clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
           clock_is_alarm(clock);
}

/* CAP_WAKE_ALARM */
static bool may_use(int clock)
{
    return !clock_is_alarm(clock) || credentials_privileged();
}

long sys_timerfd_create(int clock, int flags)
{
    struct file *f;

    if ((flags & ~(TFD_NONBLOCK | TFD_CLOEXEC)) || !clock_fits(clock))
        return -EINVAL;
    if (!may_use(clock))
        return -EPERM;
    int error = timerfd_open(clock, (u32)flags, &f);
    return error ? error : descriptor_install(f, 0, flags & TFD_CLOEXEC);
}

/* Held. NULL: *error is -EBADF or -EINVAL. */
static struct file *timerfd_file(int fd, long *error)
{
    struct file *f = descriptor_file(fd);

    *error = f ? -EINVAL : -EBADF;
    if (f && file_is_timerfd(f))
        return f;
    file_drop(f);
    return NULL;
}

long sys_timerfd_settime(int fd, int flags, struct user_ptr new_value, struct user_ptr old_value)
{
    u64 interval_ns, value_ns, old_interval_ns, old_value_ns;
    long error = load_itimerspec(&interval_ns, &value_ns, new_value);

    if (!error && (flags & ~SET_FLAGS))
        error = -EINVAL;
    struct file *f = error ? NULL : timerfd_file(fd, &error);
    if (!f)
        return error;
    error = may_use(timerfd_clock(f)) ? 0 : -EPERM;
    if (!error) {
        timerfd_get(f, &old_value_ns, &old_interval_ns);
        timerfd_set(f, (u32)flags, value_ns, interval_ns);
    }
    file_drop(f);
    if (error || user_is_null(old_value))
        return error;
    return store_itimerspec(old_value, old_interval_ns, old_value_ns);
}

long sys_timerfd_gettime(int fd, struct user_ptr value)
{
    u64 interval_ns, value_ns;
    long error;
    struct file *f = timerfd_file(fd, &error);

    if (!f)
        return error;
    timerfd_get(f, &value_ns, &interval_ns);
    file_drop(f);
    return store_itimerspec(value, interval_ns, value_ns);
}
