/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wait queues. A thread that must wait enters one or more queues, checks its condition, sleeps;
 * whoever changes the condition wakes the queue. No interrupts touch them (devices_poll runs in
 * thread or idle context), and the kernel is not preempted: check-then-sleep cannot lose a wakeup.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"

struct thread;

struct wait_queue {
    struct list waiters;
};

struct waiter {
    struct list link;
    struct thread *thread;       /* or NULL with: */
    void (*on_wake)(struct waiter *w, u32 events); /* epoll; must not sleep */
    u32 key;                     /* poll events it cares for; 0: any */
    bool exclusive;              /* wake_one stops after it */
    bool woken;
};

static inline void wait_queue_init(struct wait_queue *q) { list_init(&q->waiters); }
void wait_enter(struct wait_queue *q, struct waiter *w); /* for the current thread */
void wait_leave(struct waiter *w);
void wake_all(struct wait_queue *q, u32 events);
unsigned wake_some(struct wait_queue *q, unsigned count, u32 events); /* number woken */

enum sleep_result { SLEEP_WOKEN, SLEEP_TIMED_OUT, SLEEP_INTERRUPTED };
/* Sleeps until woken, the deadline (monotonic ns) or, when interruptible, a deliverable signal.
 * Returns at once when a waiter of this thread was woken since it entered. */
enum sleep_result thread_sleep(u64 deadline_ns, bool interruptible);
/* Ends the thread's sleep, or the next one it enters. */
void thread_wake(struct thread *t);

/* The common loop: until condition(arg) holds. 0, -ETIMEDOUT, or -ERESTARTSYS. */
int wait_until(struct wait_queue *q, bool (*condition)(void *arg), void *arg, u64 deadline_ns);
