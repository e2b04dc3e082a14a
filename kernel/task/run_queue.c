/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    runnable threads that do not run, by level.
 * Promises: the highest level first, within a level in turn. A thread that slept runs before those
 *           that compute, but only as long as its slice lasts: then it is one of them, with a
 *           new slice, at the end of the queue. So nobody starves; real-time threads leave the
 *           others a twentieth of the time.
 * Locking:  none (one CPU, no preemption in the kernel).
 * See:      sched(7)
 */
#include "task/run_queue.h"

#include "abi/linux/sched.h"
#include "platform/platform.h"

#define LEVEL_NORMAL 0u
#define LEVEL_WOKEN 1u
#define LEVEL_REALTIME 1u /* plus the priority, 1 .. 99 */
#define LEVELS 101u
#define NICE_SPAN 20
#define ROUND_ROBIN_NS 100000000ull /* sched_rr_get_interval(2) */

static struct list queues[LEVELS];
static u64 ready[(LEVELS + 63) / 64]; /* a bit for each queue that is not empty */

static unsigned level_of(const struct thread *t)
{
    return t->priority ? LEVEL_REALTIME + t->priority : LEVEL_NORMAL;
}

/* Of each second, real-time threads leave a twentieth to the others (sched_rt_runtime_us). */
#define REALTIME_PERIOD_NS NSEC_PER_SEC
#define REALTIME_SHARE_NS (NSEC_PER_SEC / 100 * 95)

static u64 period_started_ns, realtime_used_ns;

void run_queue_charge(const struct thread *t, u64 ran_ns, u64 now_ns)
{
    if (now_ns - period_started_ns >= REALTIME_PERIOD_NS) {
        period_started_ns = now_ns;
        realtime_used_ns = 0;
    }
    if (t->priority)
        realtime_used_ns += ran_ns;
}

/* The highest level with a thread, or -1. */
static int highest(void)
{
    u64 others = ready[0] & (1ull << LEVEL_NORMAL | 1ull << LEVEL_WOKEN);

    if (others && realtime_used_ns >= REALTIME_SHARE_NS)
        return 63 - __builtin_clzll(others);
    for (int word = ARRAY_SIZE(ready) - 1; word >= 0; word--) {
        if (ready[word])
            return word * 64 + 63 - __builtin_clzll(ready[word]);
    }
    return -1;
}

u64 run_queue_slice_ns(const struct thread *t)
{
    u64 tick_ns = platform_traits()->tick_ns;

    switch (t->policy) {
    case SCHED_FIFO:
        return 0;
    case SCHED_RR:
        return ROUND_ROBIN_NS;
    case SCHED_IDLE:
        return tick_ns / NICE_SPAN;
    default:
        return tick_ns * (u64)(NICE_SPAN - t->nice) / NICE_SPAN;
    }
}

static void refill(struct thread *t) { t->slice_left_ns = (s64)run_queue_slice_ns(t); }

static struct list *open_queue(unsigned level)
{
    struct list *queue = &queues[level];

    if (!queue->next)
        list_init(queue);
    ready[level / 64] |= 1ull << (level % 64);
    return queue;
}

static void add_last(struct thread *t, unsigned level)
{
    t->level = (u8)level;
    list_push_back(open_queue(level), &t->in_run_queue);
}

static void add_first(struct thread *t, unsigned level)
{
    t->level = (u8)level;
    list_push_front(open_queue(level), &t->in_run_queue);
}

void run_queue_add_woken(struct thread *t)
{
    bool goes_on = !t->priority && t->slice_left_ns > 0;

    if (t->slice_left_ns <= 0)
        refill(t);
    add_last(t, goes_on ? LEVEL_WOKEN : level_of(t));
}

void run_queue_add_yielded(struct thread *t) { add_last(t, level_of(t)); }

void run_queue_add_preempted(struct thread *t)
{
    if (t->policy == SCHED_FIFO || t->slice_left_ns > 0) {
        add_first(t, level_of(t));
        return;
    }
    refill(t);
    add_last(t, level_of(t));
}

void run_queue_remove(struct thread *t)
{
    list_remove(&t->in_run_queue);
    if (list_empty(&queues[t->level]))
        ready[t->level / 64] &= ~(1ull << (t->level % 64));
}

struct thread *run_queue_take(void)
{
    int level = highest();

    if (level < 0)
        return NULL;
    struct thread *t = list_entry(queues[level].next, struct thread, in_run_queue);
    run_queue_remove(t);
    return t;
}

bool run_queue_empty(void) { return highest() < 0; }

bool run_queue_outranks(const struct thread *running)
{
    int level = highest();

    return level > (int)LEVEL_WOKEN && level > (int)level_of(running);
}

bool run_queue_beats(const struct thread *running)
{
    int level = highest(), own = (int)level_of(running);
    bool used_up = level <= (int)LEVEL_WOKEN && realtime_used_ns >= REALTIME_SHARE_NS;

    if (level > own || (level >= 0 && used_up && running->priority))
        return true;
    return level == own && running->policy != SCHED_FIFO && running->slice_left_ns <= 0;
}
