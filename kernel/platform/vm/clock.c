/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks and the one timer.
 *
 * Holds:    the wall time at power-on; when the timer will fire.
 * Promises: monotonic time starts near 0; the timer is only touched when it would be late: it may
 *           fire early, then it is armed again for what remains.
 * See:      arch/bare.h for what the CPU offers
 */
#include "abi/image/boot_info.h"
#include "lib/boot_record.h"
#include "lib/string.h"
#include "platform/vm/vm.h"

static u64 wall_base_ns, idle_ns;
static u64 deadline_ns = NO_DEADLINE, fires_ns = NO_DEADLINE;
static bool tick_on;

/* The SDK read the host's clock just before the launch; a machine's own clock is the second
 * choice, as it may only know seconds. */
static u64 boot_wall_ns(void)
{
    const struct platform_blob *info = platform_boot_info();
    u32 length = 0;
    u64 value = 0;
    const u8 *record = boot_record_find(info->data, info->size, ELFIN_BOOT_WALL_CLOCK, &length);

    if (record && length == sizeof(value))
        memcpy(&value, record, sizeof(value));
    return value;
}

void vm_clock_start(void)
{
    wall_base_ns = boot_wall_ns();
    if (!wall_base_ns)
        wall_base_ns = bare_wall_ns();
}

void vm_account_idle(u64 ns)
{
    idle_ns += ns;
}

u64 platform_monotonic_ns(void)
{
    return bare_clock_ns();
}

u64 platform_wall_ns(void)
{
    return wall_base_ns + bare_clock_ns();
}

u64 platform_cpu_ns(void)
{
    return bare_clock_ns() - idle_ns;
}

void platform_vdso_clock(struct platform_vdso_clock *out)
{
    struct bare_clock scale;

    bare_clock_read(&scale);
    *out = (struct platform_vdso_clock){.cycles_base = scale.cycles_base,
                                        .cycles_mult = scale.multiplier,
                                        .cycles_shift = scale.shift,
                                        .valid = 1,
                                        .wall_base_ns = wall_base_ns};
}

/* An interrupt may fire between the lines: then fires_ns lies in the past and the next call arms
 * the timer again. */
static void arm(bool with_tick)
{
    u64 now_ns = bare_clock_ns();
    u64 wanted_ns = deadline_ns;

    if (with_tick)
        wanted_ns = min_u64(wanted_ns, now_ns + platform_traits()->tick_ns);
    if (wanted_ns == NO_DEADLINE || (fires_ns > now_ns && fires_ns <= wanted_ns))
        return;
    u64 delay_ns = wanted_ns > now_ns ? wanted_ns - now_ns : 0;
    delay_ns = min_u64(delay_ns, bare_timer_longest_ns());
    fires_ns = now_ns + delay_ns;
    bare_timer_arm(delay_ns);
}

void platform_timer_set(u64 deadline)
{
    deadline_ns = deadline;
    arm(tick_on);
}

/* No program runs while idle, so no tick is needed; the next platform_timer_set brings it back. */
void vm_timer_idle(u64 deadline)
{
    deadline_ns = deadline;
    arm(false);
}

void platform_tick(bool on)
{
    tick_on = on;
    arm(tick_on);
}
