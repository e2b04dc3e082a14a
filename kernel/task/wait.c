/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: nothing of its own; queues live in the objects waited for.
 * Promises: a wakeup between wait_enter and thread_sleep is not lost (thread->woken keeps it).
 * Locking: the kernel is not preempted and no interrupt touches a queue.
 */
#include "task/wait.h"

#include "abi/linux/errno.h"
#include "task/task.h"
#include "time/timer.h"

void wait_enter(struct wait_queue *q, struct waiter *w)
{
    w->woken = false;
    w->thread = w->on_wake ? NULL : current_thread();
    list_push_back(&q->waiters, &w->link);
}

void wait_leave(struct waiter *w)
{
    list_remove(&w->link);
}

void thread_wake(struct thread *t)
{
    t->woken = true;
    if (t->state == THREAD_SLEEPING)
        thread_make_runnable(t);
}

static void wake_one(struct waiter *w, u32 events)
{
    w->woken = true;
    if (w->on_wake) {
        w->on_wake(w, events);
        return;
    }
    thread_wake(w->thread);
}

unsigned wake_some(struct wait_queue *q, unsigned count, u32 events)
{
    unsigned woken = 0;
    list_for_each_safe(node, &q->waiters) {
        if (woken == count)
            break;
        struct waiter *w = list_entry(node, struct waiter, link);
        if (w->key && events && !(w->key & events))
            continue;
        wake_one(w, events);
        woken++;
    }
    return woken;
}

void wake_all(struct wait_queue *q, u32 events)
{
    wake_some(q, UINT32_MAX, events);
}

static void sleep_over(struct timer *timer)
{
    struct thread *t = container_of(timer, struct thread, sleep_timer);
    if (t->state == THREAD_SLEEPING)
        thread_make_runnable(t);
}

static bool take_wakeup(struct thread *t)
{
    bool woken = t->woken;
    t->woken = false;
    return woken;
}

enum sleep_result thread_sleep(u64 deadline_ns, bool interruptible)
{
    struct thread *t = current_thread();
    if (take_wakeup(t))
        return SLEEP_WOKEN;
    if (interruptible && signal_pending(t))
        return SLEEP_INTERRUPTED;
    if (deadline_ns != NO_DEADLINE) {
        if (clock_monotonic_ns() >= deadline_ns)
            return SLEEP_TIMED_OUT;
        t->sleep_timer.callback = sleep_over;
        timer_arm(&t->sleep_timer, deadline_ns);
    }
    t->interruptible = interruptible;
    t->state = THREAD_SLEEPING;
    schedule();
    t->interruptible = false;
    timer_cancel(&t->sleep_timer);
    if (take_wakeup(t))
        return SLEEP_WOKEN;
    if (interruptible && signal_pending(t))
        return SLEEP_INTERRUPTED;
    bool late = deadline_ns != NO_DEADLINE && clock_monotonic_ns() >= deadline_ns;
    return late ? SLEEP_TIMED_OUT : SLEEP_WOKEN;
}

int wait_until(struct wait_queue *q, bool (*condition)(void *arg), void *arg, u64 deadline_ns)
{
    struct waiter w = {0};
    int result = 0;

    wait_enter(q, &w);
    while (!condition(arg)) {
        enum sleep_result why = thread_sleep(deadline_ns, true);
        if (why == SLEEP_WOKEN)
            continue;
        if (!condition(arg))
            result = why == SLEEP_TIMED_OUT ? -ETIMEDOUT : -ERESTARTSYS;
        break;
    }
    wait_leave(&w);
    current_thread()->woken = false;
    return result;
}
