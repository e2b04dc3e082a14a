/* SPDX-License-Identifier: BSD-3-Clause */
/* See alarm(2). */
#include "abi_handlers.h"
#include "task/interval.h"

long sys_alarm(u32 seconds)
{
    struct interval old = interval_set(INTERVAL_REAL, (struct interval){
        .left_ns = seconds * NSEC_PER_SEC,
    });

    if (!old.left_ns)
        return 0;
    /* Rounded to the nearest second, but never to "no alarm". */
    u64 left = (old.left_ns + NSEC_PER_SEC / 2) / NSEC_PER_SEC;
    return (long)max_u64(left, 1);
}
