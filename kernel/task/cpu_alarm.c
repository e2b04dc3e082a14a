/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing; armed alarms stand in the process whose CPU time they watch.
 * Promises: an alarm is never early. It is late by less than a tick, and by far less while its
 *           process has the CPU for itself: the last stretch before a deadline is measured by a
 *           timer, as CPU time passes no faster than time on our one CPU. What is due more often
 *           than AGAIN_NS is due at AGAIN_NS: the program must get on between two interrupts. A
 *           process that does not run has no cost.
 * See:      setitimer(2), timer_create(2), getrlimit(2) RLIMIT_CPU
 */
#include "task/cpu_alarm.h"

#include "abi/linux/resource.h"
#include "platform/platform.h"
#include "task/task.h"
#include "task/usage.h"

static bool checking; /* what is due is armed again: looked at when all are done */

#define AGAIN_NS 1000000 /* Linux looks at its ticks only: 1 ms at the most frequent */

void cpu_alarm_init(struct cpu_alarm *a, void (*due)(struct cpu_alarm *a))
{
    *a = (struct cpu_alarm){.due = due};
    list_init(&a->link);
}

void cpu_alarm_cancel(struct cpu_alarm *a)
{
    list_remove(&a->link);
}

/* CPU time that an alarm of the running process counts in; of another thread, NO_DEADLINE: it
 * does not pass now. */
static u64 left_ns(const struct cpu_alarm *a, u64 process_ns)
{
    const struct thread *t = current_thread();
    u64 used_ns = process_ns;

    if (a->tid && a->tid != t->tid)
        return NO_DEADLINE;
    if (a->tid)
        used_ns = thread_run_ns(t);
    return a->deadline_ns > used_ns ? a->deadline_ns - used_ns : 0;
}

/* What is left before a limit of RLIMIT_CPU strikes. */
static u64 limit_left_ns(u64 limit, u64 used_ns)
{
    u64 strikes_ns = limit < UINT64_MAX / NSEC_PER_SEC ? limit * NSEC_PER_SEC : NO_DEADLINE;

    return strikes_ns == NO_DEADLINE ? NO_DEADLINE : strikes_ns > used_ns ? strikes_ns - used_ns : 0;
}

static u64 check_limit(struct process *p, u64 used_ns)
{
    struct rlimit_pair *limit = &p->limits[RLIMIT_CPU];
    struct linux_siginfo info = {.si_code = SI_KERNEL};

    if (limit_left_ns(limit->hard, used_ns) == 0) {
        signal_send_process(p, SIGKILL, &info);
        return NO_DEADLINE;
    }
    if (limit_left_ns(limit->soft, used_ns) == 0) {
        signal_send_process(p, SIGXCPU, &info);
        limit->soft = used_ns / NSEC_PER_SEC + 1; /* once a second from here on */
    }
    return min_u64(limit_left_ns(limit->soft, used_ns), limit_left_ns(limit->hard, used_ns));
}

static u64 check_alarms(struct process *p, u64 used_ns)
{
    u64 least_ns = NO_DEADLINE, soonest_ns = 0;

    checking = true;
    list_for_each_safe(node, &p->cpu_alarms) {
        struct cpu_alarm *a = list_entry(node, struct cpu_alarm, link);
        if (left_ns(a, used_ns) == 0) {
            list_remove(&a->link);
            a->due(a); /* may arm it again */
            soonest_ns = AGAIN_NS;
        }
    }
    checking = false;
    list_for_each(node, &p->cpu_alarms)
        least_ns = min_u64(least_ns, left_ns(list_entry(node, struct cpu_alarm, link), used_ns));
    return max_u64(least_ns, soonest_ns);
}

/* Within a tick of a deadline, a timer brings the interrupt at which it is looked at again. */
static void look_in(struct process *p, u64 delay_ns)
{
    u64 at_ns = clock_monotonic_ns() + delay_ns;

    if (delay_ns >= platform_traits()->tick_ns)
        return;
    if (!p->cpu_look.armed || p->cpu_look.node.key > at_ns)
        timer_arm(&p->cpu_look, at_ns);
}

void cpu_alarms_check(struct process *p)
{
    const struct rlimit_pair *limit = &p->limits[RLIMIT_CPU];
    bool limited = limit->soft != RLIM_INFINITY || limit->hard != RLIM_INFINITY;

    if (list_empty(&p->cpu_alarms) && !limited)
        return;
    u64 used_ns = usage_process_ns(p);
    u64 next_ns = check_alarms(p, used_ns);
    if (limited)
        next_ns = min_u64(next_ns, check_limit(p, used_ns));
    look_in(p, next_ns);
}

void cpu_alarm_arm(struct cpu_alarm *a, struct process *watched, s32 tid, u64 deadline_ns)
{
    list_remove(&a->link);
    a->tid = tid;
    a->deadline_ns = deadline_ns;
    if (watched->exiting) /* its time passes no more, and its list goes before the alarm does */
        return;
    list_push_back(&watched->cpu_alarms, &a->link);
    if (watched == current_process() && !checking)
        look_in(watched, left_ns(a, usage_process_ns(watched)));
}

void cpu_alarms_drop(struct process *p)
{
    timer_cancel(&p->cpu_look);
    while (list_pop_front(&p->cpu_alarms))
        continue;
}
