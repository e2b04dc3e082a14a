/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three interval timers of a process. See setitimer(2), alarm(2).
 * ITIMER_REAL is a kernel timer; ITIMER_VIRTUAL and ITIMER_PROF count ticks of CPU time.
 */
#include "abi/linux/resource.h"
#include "task/interval.h"
#include "task/signal_internal.h"

static void real_timer_due(struct timer *timer)
{
    struct process *p = container_of(timer, struct process, real_timer);
    struct linux_siginfo info = {.si_code = SI_KERNEL};

    if (p->real_interval_ns)
        timer_arm(timer, max_u64(timer->node.key + p->real_interval_ns, clock_monotonic_ns()));
    signal_send_process(p, SIGALRM, &info);
}

void signal_init_process(struct process *p)
{
    timer_init(&p->real_timer, real_timer_due);
}

static void count_down(struct process *p, u64 *left_ns, u64 interval_ns, u64 tick_ns, int signal)
{
    struct linux_siginfo info = {.si_code = SI_KERNEL};

    if (!*left_ns)
        return;
    if (*left_ns > tick_ns) {
        *left_ns -= tick_ns;
        return;
    }
    *left_ns = interval_ns;
    signal_send_process(p, signal, &info);
}

static void check_cpu_limit(struct process *p, u64 used_ns, u64 tick_ns)
{
    const struct rlimit_pair *limit = &p->limits[RLIMIT_CPU];
    struct linux_siginfo info = {.si_code = SI_KERNEL};

    if (limit->hard != RLIM_INFINITY && used_ns / NSEC_PER_SEC >= limit->hard)
        signal_send_process(p, SIGKILL, &info);
    else if (limit->soft != RLIM_INFINITY && used_ns / NSEC_PER_SEC >= limit->soft &&
             used_ns % NSEC_PER_SEC < tick_ns)
        signal_send_process(p, SIGXCPU, &info);
}

void process_tick(struct process *p, u64 tick_ns)
{
    count_down(p, &p->virtual_timer_ns, p->virtual_interval_ns, tick_ns, SIGVTALRM);
    count_down(p, &p->prof_timer_ns, p->prof_interval_ns, tick_ns, SIGPROF);
    check_cpu_limit(p, p->user_ns + thread_run_ns(current_thread()), tick_ns);
}

static struct interval get_real(const struct process *p)
{
    u64 now_ns = clock_monotonic_ns();
    struct interval v = {0, p->real_interval_ns};

    if (p->real_timer.armed)
        v.left_ns = max_u64(p->real_timer.node.key, now_ns + 1) - now_ns;
    return v;
}

static void set_real(struct process *p, struct interval v)
{
    p->real_interval_ns = v.repeat_ns;
    timer_cancel(&p->real_timer);
    if (v.left_ns)
        timer_arm(&p->real_timer, clock_monotonic_ns() + v.left_ns);
}

struct interval interval_get(enum interval_kind kind)
{
    const struct process *p = current_process();

    switch (kind) {
    case INTERVAL_VIRTUAL:
        return (struct interval){p->virtual_timer_ns, p->virtual_interval_ns};
    case INTERVAL_PROF:
        return (struct interval){p->prof_timer_ns, p->prof_interval_ns};
    default:
        return get_real(p);
    }
}

struct interval interval_set(enum interval_kind kind, struct interval v)
{
    struct process *p = current_process();
    struct interval old = interval_get(kind);

    switch (kind) {
    case INTERVAL_VIRTUAL:
        p->virtual_timer_ns = v.left_ns;
        p->virtual_interval_ns = v.repeat_ns;
        break;
    case INTERVAL_PROF:
        p->prof_timer_ns = v.left_ns;
        p->prof_interval_ns = v.repeat_ns;
        break;
    default:
        set_real(p, v);
        break;
    }
    return old;
}
