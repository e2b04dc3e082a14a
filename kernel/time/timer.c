/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: all armed timers, ordered by deadline.
 * Promises: a callback runs once per arming, in thread or idle context, not before its deadline.
 * Locking: none needed while the kernel runs on one CPU without preemption.
 */
#include "time/timer.h"

#include "platform/platform.h"

static struct tree armed_timers;

static void tell_platform(void)
{
    platform_timer_set(timers_next_deadline());
}

void timer_init(struct timer *t, void (*callback)(struct timer *t))
{
    *t = (struct timer){.callback = callback};
}

void timer_arm(struct timer *t, u64 deadline_ns)
{
    if (t->armed)
        tree_remove(&armed_timers, &t->node);
    tree_insert(&armed_timers, &t->node, deadline_ns);
    t->armed = true;
    if (tree_first(&armed_timers) == &t->node)
        tell_platform();
}

void timer_cancel(struct timer *t)
{
    if (!t->armed)
        return;
    tree_remove(&armed_timers, &t->node);
    t->armed = false;
}

u64 timers_next_deadline(void)
{
    struct tree_node *first = tree_first(&armed_timers);
    return first ? first->key : NO_DEADLINE;
}

u64 periods_pass(u64 *deadline_ns, u64 period_ns, u64 now_ns)
{
    if (now_ns < *deadline_ns)
        return 0;
    u64 periods = (now_ns - *deadline_ns) / period_ns + 1;
    *deadline_ns += periods * period_ns;
    return periods;
}

void timers_run(void)
{
    struct tree_node *first = tree_first(&armed_timers);
    u64 now_ns = first ? clock_monotonic_ns() : 0;

    while (first && first->key <= now_ns) {
        struct timer *t = container_of(first, struct timer, node);
        timer_cancel(t);
        t->callback(t);
        first = tree_first(&armed_timers);
    }
    tell_platform();
}
