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
    u64 at = ELFIN_BOOT_HEADER_BYTES;

    while (at + ELFIN_RECORD_HEADER_BYTES <= info->size) {
        u32 head[2];
        u64 value;
        memcpy(head, info->data + at, sizeof(head));
        at += ELFIN_RECORD_HEADER_BYTES;
        if (head[0] == ELFIN_BOOT_WALL_CLOCK && head[1] == sizeof(value) &&
            at + sizeof(value) <= info->size) {
            memcpy(&value, info->data + at, sizeof(value));
            return value;
        }
        at += align_up(head[1], 8);
    }
    return 0;
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
static void arm(void)
{
    u64 now_ns = bare_clock_ns();
    u64 wanted_ns = deadline_ns;

    if (tick_on)
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
    arm();
}

void platform_tick(bool on)
{
    tick_on = on;
    arm();
}
