/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time and timers, both the host's.
 *
 * Holds:    the host's vDSO functions; what each host task's own timer is set to.
 * Promises: a clock costs no host call as long as the host's vDSO needs none. The timer is set only
 *           when it would not fire early enough by itself: tasks that alternate do not set it.
 * Refuses:  __vdso_getrandom and the vDSO's data page: their form is the host's own affair.
 * See:      vdso(7), setitimer(2), clock_gettime(2).
 */
#include "abi/linux/signal.h"
#include "abi/linux/time.h"
#include "arch/cpu_block.h"
#include "lib/string.h"
#include "platform/process/host.h"
#include "platform/process/vdso.h"

typedef int clock_gettime_fn(int clock, struct linux_timespec *out);

static clock_gettime_fn *vdso_clock_gettime;
static u64 vdso_getcpu;
static bool tick_wanted;
static u64 deadline_ns = NO_DEADLINE;

void host_clock_start(void)
{
    if (!host_machine.vdso)
        return;
    vdso_clock_gettime = (clock_gettime_fn *)vdso_find(host_machine.vdso, "__vdso_clock_gettime");
    vdso_getcpu = vdso_find(host_machine.vdso, "__vdso_getcpu");
}

void host_clock_distrust_vdso(void) { vdso_clock_gettime = NULL; }

static u64 read_clock(int clock)
{
    struct linux_timespec t = {0};
    this_cpu()->in_host = 1;
    bool failed = !vdso_clock_gettime || vdso_clock_gettime(clock, &t);
    this_cpu()->in_host = 0;
    if (failed)
        host(HOST_clock_gettime, clock, &t);
    return (u64)t.tv_sec * NSEC_PER_SEC + (u64)t.tv_nsec;
}

u64 platform_monotonic_ns(void) { return read_clock(CLOCK_MONOTONIC); }
u64 platform_wall_ns(void) { return read_clock(CLOCK_REALTIME); }

/* Of this host task; host tasks that ended are not in it. The vDSO has no answer to this one. */
u64 platform_cpu_ns(void)
{
    struct linux_timespec t = {0};
    host(HOST_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &t);
    return (u64)t.tv_sec * NSEC_PER_SEC + (u64)t.tv_nsec;
}

void platform_vdso_clock(struct platform_vdso_clock *out)
{
    *out = (struct platform_vdso_clock){
        .host_clock_gettime = (u64)vdso_clock_gettime,
        .host_getcpu = vdso_getcpu,
        .valid = vdso_clock_gettime != NULL,
    };
}

/* --- the timer --- */

void host_timer_forget(void) { host_private->fires_ns = 0; }

/* In microseconds, rounded up: never before its time, and never 0, which would turn it off. */
static void set_timer(u64 delay_ns)
{
    u64 us = (delay_ns + 999) / 1000;
    struct linux_itimerval when = {.it_value = {(s64)(us / 1000000), (s64)(us % 1000000)}};
    host(HOST_setitimer, ITIMER_REAL, &when, 0);
}

/* A signal may come between the lines: then fires_ns lies in the past, and the next call arms the
 * timer again. */
void host_timer_arm(void)
{
    u64 now_ns = platform_monotonic_ns(), fires_ns = host_private->fires_ns;
    u64 wanted_ns = deadline_ns;
    if (tick_wanted)
        wanted_ns = min_u64(wanted_ns, now_ns + platform_traits()->tick_ns);
    if (wanted_ns == NO_DEADLINE || (fires_ns > now_ns && fires_ns <= wanted_ns))
        return;
    u64 delay_ns = wanted_ns > now_ns ? wanted_ns - now_ns : 1;
    host_private->fires_ns = now_ns + delay_ns;
    set_timer(delay_ns);
}

void platform_tick(bool on)
{
    tick_wanted = on;
    host_timer_arm();
}

void platform_timer_set(u64 deadline)
{
    deadline_ns = deadline;
    host_timer_arm();
}
