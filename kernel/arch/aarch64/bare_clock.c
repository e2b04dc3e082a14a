/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: the generic timer: CNTVCT counts at the frequency CNTFRQ tells, so nothing is measured.
 * See:   Arm ARM D12; PL031 for the wall clock (whole seconds)
 */
#include "arch/aarch64/bare_cpu.h"
#include "arch/aarch64/bare_device_tree.h"
#include "arch/bare.h"

#define SHIFT 32
#define TIMER_ENABLE 1

static struct bare_clock scale;

static u64 cycles(void)
{
    __asm__ volatile("isb" : : : "memory");
    return read_system("cntvct_el0");
}

void bare_clock_start(void)
{
    u64 frequency = read_system("cntfrq_el0");

    scale.cycles_base = cycles();
    scale.shift = SHIFT;
    scale.multiplier = (NSEC_PER_SEC << SHIFT) / max_u64(frequency, 1);
}

void bare_clock_read(struct bare_clock *out)
{
    *out = scale;
}

u64 bare_clock_ns(void)
{
    return (u64)((unsigned __int128)(cycles() - scale.cycles_base) * scale.multiplier >> SHIFT);
}

void bare_timer_arm(u64 delay_ns)
{
    /* delay_ns is at most an hour: no overflow */
    u64 ticks = delay_ns / 1000 * read_system("cntfrq_el0") / 1000000 + 1;

    write_system("cntv_cval_el0", cycles() + ticks);
    write_system("cntv_ctl_el0", TIMER_ENABLE);
}

u64 bare_timer_longest_ns(void)
{
    return 3600 * NSEC_PER_SEC;
}

u64 bare_wall_ns(void)
{
    volatile u32 *clock = bare_devices.clock ? mmu_map_device(bare_devices.clock, 4) : NULL;
    return clock ? *clock * NSEC_PER_SEC - bare_clock_ns() : 0;
}
