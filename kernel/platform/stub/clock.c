/* SPDX-License-Identifier: BSD-3-Clause */
/* The stub machine's time: one microsecond passes at each look, so runs repeat exactly. */
#include "platform/platform.h"

static u64 now_ns;

u64 platform_monotonic_ns(void)
{
    now_ns += 1000;
    return now_ns;
}

u64 platform_wall_ns(void) { return platform_monotonic_ns(); }
u64 platform_cpu_ns(void) { return platform_monotonic_ns(); }

void platform_vdso_clock(struct platform_vdso_clock *out) { *out = (struct platform_vdso_clock){0}; }

void platform_timer_set(unused_arg u64 deadline_ns) {}
void platform_tick(unused_arg bool on) {}
