/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three interval timers of a process: ITIMER_REAL is a kernel timer, ITIMER_VIRTUAL and
 * ITIMER_PROF are alarms on its CPU time (all of which is user time).
 *
 * Promises: a signal that is not taken stops ITIMER_REAL: the next period begins when it is, so
 *           that a short period cannot keep the program from running.
 * See:      setitimer(2), alarm(2)
 */
#include "task/interval.h"

#include "task/signal_internal.h"
#include "task/usage.h"

/* What a timer shows as left whose signal is on its way. */
#define LEAST_NS 1000

static void real_due(struct timer *timer)
{
    struct process *p = container_of(timer, struct process, real_timer);
    struct linux_siginfo info = {.si_code = SI_KERNEL};

    p->real_deadline_ns = timer->node.key;
    signal_send_process(p, SIGALRM, &info);
}

/* Of a CPU timer: the next period, then the signal. */
static void period_over(struct process *p, struct cpu_alarm *alarm, u64 interval_ns, int signal)
{
    struct linux_siginfo info = {.si_code = SI_KERNEL};
    u64 next_ns = alarm->deadline_ns;

    if (interval_ns) {
        periods_pass(&next_ns, interval_ns, usage_process_ns(p));
        cpu_alarm_arm(alarm, p, 0, next_ns);
    }
    signal_send_process(p, signal, &info);
}

static void virtual_due(struct cpu_alarm *alarm)
{
    struct process *p = container_of(alarm, struct process, virtual_alarm);

    period_over(p, alarm, p->virtual_interval_ns, SIGVTALRM);
}

static void prof_due(struct cpu_alarm *alarm)
{
    struct process *p = container_of(alarm, struct process, prof_alarm);

    period_over(p, alarm, p->prof_interval_ns, SIGPROF);
}

void intervals_init(struct process *p)
{
    timer_init(&p->real_timer, real_due);
    cpu_alarm_init(&p->virtual_alarm, virtual_due);
    cpu_alarm_init(&p->prof_alarm, prof_due);
    p->real_interval_ns = p->virtual_interval_ns = p->prof_interval_ns = 0;
}

void intervals_drop(struct process *p)
{
    timer_cancel(&p->real_timer);
    cpu_alarm_cancel(&p->virtual_alarm);
    cpu_alarm_cancel(&p->prof_alarm);
}

void interval_signal_taken(struct process *p)
{
    if (p->real_timer.armed || !p->real_interval_ns)
        return;
    periods_pass(&p->real_deadline_ns, p->real_interval_ns, clock_monotonic_ns());
    timer_arm(&p->real_timer, p->real_deadline_ns);
}

static struct interval get_real(const struct process *p)
{
    u64 now_ns = clock_monotonic_ns();
    struct interval v = {0, p->real_interval_ns};

    if (p->real_timer.armed)
        v.left_ns = max_u64(p->real_timer.node.key, now_ns + LEAST_NS) - now_ns;
    return v;
}

static struct interval get_cpu(const struct process *p, const struct cpu_alarm *a, u64 interval_ns)
{
    u64 used_ns = usage_process_ns(p);
    struct interval v = {0, interval_ns};

    if (cpu_alarm_is_armed(a))
        v.left_ns = max_u64(a->deadline_ns, used_ns + LEAST_NS) - used_ns;
    return v;
}

struct interval interval_get(enum interval_kind kind)
{
    const struct process *p = current_process();

    switch (kind) {
    case INTERVAL_VIRTUAL:
        return get_cpu(p, &p->virtual_alarm, p->virtual_interval_ns);
    case INTERVAL_PROF:
        return get_cpu(p, &p->prof_alarm, p->prof_interval_ns);
    default:
        return get_real(p);
    }
}

static void set_real(struct process *p, struct interval v)
{
    p->real_interval_ns = v.left_ns ? v.repeat_ns : 0;
    timer_cancel(&p->real_timer);
    if (v.left_ns)
        timer_arm(&p->real_timer, clock_monotonic_ns() + v.left_ns);
}

static void set_cpu(struct process *p, struct cpu_alarm *alarm, u64 *interval_ns, struct interval v)
{
    *interval_ns = v.repeat_ns;
    cpu_alarm_cancel(alarm);
    if (v.left_ns)
        cpu_alarm_arm(alarm, p, 0, usage_process_ns(p) + v.left_ns);
}

struct interval interval_set(enum interval_kind kind, struct interval v)
{
    struct process *p = current_process();
    struct interval old = interval_get(kind);

    switch (kind) {
    case INTERVAL_VIRTUAL:
        set_cpu(p, &p->virtual_alarm, &p->virtual_interval_ns, v);
        break;
    case INTERVAL_PROF:
        set_cpu(p, &p->prof_alarm, &p->prof_interval_ns, v);
        break;
    default:
        set_real(p, v);
        break;
    }
    return old;
}
