/* SPDX-License-Identifier: BSD-3-Clause */
/* See timespec(3), timeval(3). */
#include "time/convert.h"

#include "abi/linux/errno.h"
#include "abi/linux/time.h"

#define FAR_NS (UINT64_MAX / 2)
#define NSEC_PER_USEC 1000
#define USEC_PER_SEC 1000000

static int to_ns(u64 *ns, s64 seconds, s64 fraction, s64 unit_ns)
{
    if (seconds < 0 || fraction < 0 || fraction >= (s64)NSEC_PER_SEC / unit_ns)
        return -EINVAL;
    if ((u64)seconds >= FAR_NS / NSEC_PER_SEC)
        *ns = FAR_NS;
    else
        *ns = (u64)seconds * NSEC_PER_SEC + (u64)(fraction * unit_ns);
    return 0;
}

int load_timespec(u64 *ns, struct user_ptr from)
{
    struct linux_timespec t;

    if (copy_from_program(&t, from, sizeof(t)))
        return -EFAULT;
    return to_ns(ns, t.tv_sec, t.tv_nsec, 1);
}

int load_timeval(u64 *ns, struct user_ptr from)
{
    struct linux_timeval t;

    if (copy_from_program(&t, from, sizeof(t)))
        return -EFAULT;
    return to_ns(ns, t.tv_sec, t.tv_usec, NSEC_PER_USEC);
}

int load_any_timeval(u64 *ns, struct user_ptr from)
{
    struct linux_timeval t;

    if (copy_from_program(&t, from, sizeof(t)))
        return -EFAULT;
    s64 carry = t.tv_usec / USEC_PER_SEC;
    if (__builtin_add_overflow(t.tv_sec, carry, &t.tv_sec))
        return -EINVAL;
    return to_ns(ns, t.tv_sec, t.tv_usec % USEC_PER_SEC, NSEC_PER_USEC);
}

static struct linux_timespec to_timespec(u64 ns)
{
    return (struct linux_timespec){(s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC)};
}

int store_timespec(struct user_ptr to, u64 ns)
{
    struct linux_timespec t = to_timespec(ns);
    return copy_to_program(to, &t, sizeof(t));
}

int store_timeval(struct user_ptr to, u64 ns)
{
    struct linux_timeval t = {(s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC)};
    return copy_to_program(to, &t, sizeof(t));
}

int load_itimerspec(u64 *interval_ns, u64 *value_ns, struct user_ptr from)
{
    struct linux_itimerspec s;

    if (copy_from_program(&s, from, sizeof(s)))
        return -EFAULT;
    int error = to_ns(interval_ns, s.it_interval.tv_sec, s.it_interval.tv_nsec, 1);
    return error ? error : to_ns(value_ns, s.it_value.tv_sec, s.it_value.tv_nsec, 1);
}

int store_itimerspec(struct user_ptr to, u64 interval_ns, u64 value_ns)
{
    struct linux_itimerspec s = {to_timespec(interval_ns), to_timespec(value_ns)};

    return copy_to_program(to, &s, sizeof(s));
}
