/* SPDX-License-Identifier: BSD-3-Clause */
/* What futex_waitv, futex_wait, futex_wake and futex_requeue have in common: no man page yet; the
 * kernel's own documentation calls them futex2. */
#pragma once

#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "task/futex.h"
#include "time/convert.h"
#include "time/timer.h"

/* Words of 32 bits are all there are. */
static inline bool futex2_flags_ok(u32 flags)
{
    return (flags & ~(u32)FUTEX2_PRIVATE) == FUTEX2_SIZE_U32;
}

static inline bool futex2_value_ok(u64 value) { return value <= UINT32_MAX; }

/* A moment on one of two clocks, to monotonic time. */
static inline int futex2_deadline(u64 *deadline_ns, struct user_ptr timeout, int clock)
{
    u64 there_ns;

    *deadline_ns = NO_DEADLINE;
    if (user_is_null(timeout))
        return 0;
    if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
        return -EINVAL;
    int error = load_timespec(deadline_ns, timeout);
    if (error || clock == CLOCK_MONOTONIC)
        return error;
    there_ns = clock_realtime_ns();
    *deadline_ns = clock_monotonic_ns() + (*deadline_ns > there_ns ? *deadline_ns - there_ns : 0);
    return 0;
}

static inline int futex2_fetch(struct futex_one *out, struct user_ptr from)
{
    struct linux_futex_waitv w;

    if (copy_from_program(&w, from, sizeof(w)))
        return -EFAULT;
    if (!futex2_flags_ok(w.flags) || w.__reserved || !futex2_value_ok(w.val))
        return -EINVAL;
    *out = (struct futex_one){{w.uaddr}, (u32)w.val, !(w.flags & FUTEX2_PRIVATE)};
    return 0;
}
