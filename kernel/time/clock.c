/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: nothing; names the platform's clocks as clock_gettime(2) does.
 * Refuses: clock ids that Linux does not know, and dynamic (posix clock) ids.
 */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "platform/platform.h"
#include "time/timer.h"

/* The coarse clocks move with Linux's usual tick (CONFIG_HZ=250). */
#define COARSE_NS 4000000ull

u64 clock_monotonic_ns(void) { return platform_monotonic_ns(); }
u64 clock_realtime_ns(void) { return platform_wall_ns(); }

int clock_read(int clock_id, u64 *ns)
{
    switch (clock_id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_ALARM:
        *ns = platform_wall_ns();
        return 0;
    case CLOCK_TAI:
        *ns = platform_wall_ns();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        *ns = platform_monotonic_ns();
        return 0;
    case CLOCK_REALTIME_COARSE:
        *ns = platform_wall_ns() / COARSE_NS * COARSE_NS;
        return 0;
    case CLOCK_MONOTONIC_COARSE:
        *ns = platform_monotonic_ns() / COARSE_NS * COARSE_NS;
        return 0;
    default:
        return -EINVAL;
    }
}

int clock_resolution(int clock_id, u64 *ns)
{
    u64 now_ns;
    int error = clock_read(clock_id, &now_ns);
    if (error)
        return error;
    bool coarse = clock_id == CLOCK_REALTIME_COARSE || clock_id == CLOCK_MONOTONIC_COARSE;
    *ns = coarse ? COARSE_NS : 1;
    return 0;
}

bool clock_can_wait(int clock_id)
{
    switch (clock_id) {
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
        return false;
    default:
        return true;
    }
}

bool clock_is_alarm(int clock_id)
{
    return clock_id == CLOCK_REALTIME_ALARM || clock_id == CLOCK_BOOTTIME_ALARM;
}

u64 clock_deadline(int clock_id, u64 at_ns)
{
    u64 there_ns = 0;

    if (clock_read(clock_id, &there_ns) || at_ns <= there_ns)
        return 0;
    return clock_monotonic_ns() + (at_ns - there_ns);
}
