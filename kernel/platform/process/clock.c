/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time and timers, both the host's.
 *
 * Holds:    the host's vDSO functions; two POSIX timers per host task (tick, one-shot) that send
 *           SIGALRM.
 * Promises: a clock costs no host call as long as the host's vDSO needs none.
 * Refuses:  __vdso_getrandom and the vDSO's data page: their form is the host's own affair.
 * See:      vdso(7), timer_create(2), clock_gettime(2).
 */
#include "abi/linux/signal.h"
#include "abi/linux/time.h"
#include "lib/string.h"
#include "platform/process/host.h"
#include "platform/process/vdso.h"

typedef int clock_gettime_fn(int clock, struct linux_timespec *out);

static clock_gettime_fn *vdso_clock_gettime;
static u64 vdso_getcpu;
static bool tick_wanted;
static u64 once_deadline_ns = NO_DEADLINE;

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
    if (!vdso_clock_gettime || vdso_clock_gettime(clock, &t))
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

/* --- timers --- */

static s32 create_timer(void)
{
    struct host_sigevent event = {.signal = SIGALRM, .notify = HOST_SIGEV_SIGNAL};
    s32 id = -1;
    long error = host(HOST_timer_create, CLOCK_MONOTONIC, &event, &id);
    if (error)
        host_refuse("the host gives no timer (ulimit -i)", error);
    return id;
}

void host_timers_create(void)
{
    host_private->tick_timer = create_timer();
    host_private->once_timer = create_timer();
}

static struct linux_timespec timespec_of(u64 ns)
{
    return (struct linux_timespec){(s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC)};
}

static void set_tick(u64 period_ns)
{
    struct linux_itimerspec when = {timespec_of(period_ns), timespec_of(period_ns)};
    host(HOST_timer_settime, host_private->tick_timer, 0, &when, 0);
}

static void set_once(u64 deadline_ns)
{
    struct linux_itimerspec when = {0};
    if (deadline_ns != NO_DEADLINE)
        when.it_value = timespec_of(max_u64(deadline_ns, 1));
    host(HOST_timer_settime, host_private->once_timer, TIMER_ABSTIME, &when, 0);
}

void host_timers_arm(void)
{
    if (tick_wanted)
        set_tick(platform_traits()->tick_ns);
    if (once_deadline_ns != NO_DEADLINE)
        set_once(once_deadline_ns);
}

void host_timers_disarm(void)
{
    if (tick_wanted)
        set_tick(0);
    if (once_deadline_ns != NO_DEADLINE)
        set_once(NO_DEADLINE);
}

void platform_tick(bool on)
{
    if (on == tick_wanted)
        return;
    tick_wanted = on;
    set_tick(on ? platform_traits()->tick_ns : 0);
}

void platform_timer_set(u64 deadline_ns)
{
    if (deadline_ns == once_deadline_ns)
        return;
    once_deadline_ns = deadline_ns;
    set_once(deadline_ns);
}
