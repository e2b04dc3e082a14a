/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The three interval timers of a process. See setitimer(2), alarm(2).
 * ITIMER_REAL is a kernel timer; ITIMER_VIRTUAL and ITIMER_PROF count ticks of CPU time.
 */
#include "abi/linux/resource.h"
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
