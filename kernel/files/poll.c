/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wait of poll and select.
 *
 * Holds:    a waiter per queue while a thread waits; nothing in between.
 * Promises: an event between the look and the sleep is not lost: the waiters are in the queues
 *           before the last look.
 * See:      poll(2), select(2)
 */
#include "files/poll.h"

#include "abi/linux/poll.h"
#include "files/inode.h"
#include "lib/string.h"
#include "memory/page.h"
#include "time/timer.h"

#define QUEUES_PER_FILE 2
#define ALWAYS (POLLERR | POLLHUP | POLLNVAL)

static void enter_queue(struct poll_wait *w, struct wait_queue *q, u32 events)
{
    if (w->used == w->capacity) {
        w->overflowed = true;
        return;
    }
    struct waiter *waiter = &w->waiters[w->used++];
    memset(waiter, 0, sizeof(*waiter));
    waiter->key = events | ALWAYS;
    wait_enter(q, waiter);
}

/* One look at all; with w also into their queues. */
static long look(struct poll_item *items, u32 count, struct poll_wait *w)
{
    long ready = 0;
    for (u32 n = 0; n < count; n++) {
        struct poll_item *item = &items[n];
        if (item->file)
            item->ready = file_poll(item->file, w) & (item->events | ALWAYS);
        if (item->ready)
            ready++;
    }
    return ready;
}

static long wait_in_queues(struct poll_item *items, u32 count, u64 deadline_ns, struct poll_wait *w)
{
    long ready = look(items, count, w);
    if (w->overflowed)
        return -ENOMEM;
    while (!ready) {
        enum sleep_result why = thread_sleep(deadline_ns, true);
        ready = look(items, count, NULL);
        if (!ready && why == SLEEP_INTERRUPTED)
            return -EINTR;
        if (why == SLEEP_TIMED_OUT)
            break;
    }
    return ready;
}

long poll_items(struct poll_item *items, u32 count, u64 deadline_ns)
{
    long ready = look(items, count, NULL);
    if (ready || deadline_ns == 0)
        return ready;
    struct poll_wait w = {.capacity = count * QUEUES_PER_FILE, .enter = enter_queue};
    w.waiters = count ? heap_alloc(w.capacity * sizeof(*w.waiters)) : NULL;
    if (count && !w.waiters)
        return -ENOMEM;
    ready = wait_in_queues(items, count, deadline_ns, &w);
    for (unsigned n = 0; n < w.used; n++)
        wait_leave(&w.waiters[n]);
    heap_free(w.waiters);
    current_thread()->woken = false;
    return ready;
}

u64 poll_deadline(u64 timeout_ns)
{
    u64 now = clock_monotonic_ns();
    if (timeout_ns == 0)
        return 0;
    return timeout_ns >= NO_DEADLINE - now ? NO_DEADLINE : now + timeout_ns;
}

u64 poll_left(u64 timeout_ns, u64 deadline_ns)
{
    u64 now = clock_monotonic_ns();
    if (deadline_ns == NO_DEADLINE)
        return timeout_ns;
    return deadline_ns > now ? deadline_ns - now : 0;
}

int poll_mask_enter(struct user_ptr mask, u64 size)
{
    struct thread *t = current_thread();
    u64 wanted;
    if (user_is_null(mask))
        return 0;
    if (size != sizeof(wanted))
        return -EINVAL;
    if (read_program_u64(&wanted, mask))
        return -EFAULT;
    t->saved_blocked = t->blocked;
    t->restore_blocked = true;
    signal_set_blocked(wanted);
    return 0;
}

void poll_mask_leave(struct user_ptr mask, bool interrupted)
{
    struct thread *t = current_thread();
    if (user_is_null(mask) || interrupted)
        return;
    t->restore_blocked = false;
    signal_set_blocked(t->saved_blocked);
}
