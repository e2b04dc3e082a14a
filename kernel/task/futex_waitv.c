/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for several futexes at once. The kernel's own documentation: futex2.
 */
#include "abi/linux/errno.h"
#include "memory/page.h"
#include "task/futex_internal.h"
#include "time/timer.h"

/* Of those that stand in a queue: the one that was woken, or -1. */
static int find_woken(const struct futex_waiter *waiters, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (futex_was_woken(&waiters[i]))
            return (int)i;
    }
    return -1;
}

/* Into the queues, then the values: as for one futex. *entered grows as it goes. */
static int enter_all(struct futex_waiter *waiters, const struct futex_one *futexes, unsigned count,
                     unsigned *entered)
{
    struct futex_key key;
    u32 now;

    for (unsigned i = 0; i < count; i++) {
        int error = futex_find_key(futexes[i].futex, futexes[i].shared, FUTEX_USE_READ, &key);
        if (error)
            return error;
        waiters[i].key = key;
    }
    for (; *entered < count; (*entered)++) {
        struct futex_waiter *w = &waiters[*entered];
        key = w->key;
        w->bitset = FUTEX_BITSET_MATCH_ANY;
        w->thread = current_thread();
        futex_enter(w, &key);
        int error = read_program_u32(&now, futexes[*entered].futex);
        if (!error && now == futexes[*entered].value)
            continue;
        (*entered)++;
        return error ? -EFAULT : -EAGAIN;
    }
    return 0;
}

static int sleep_for_any(const struct futex_waiter *waiters, unsigned count, u64 deadline_ns)
{
    enum sleep_result why = SLEEP_WOKEN;

    while (find_woken(waiters, count) < 0 && why == SLEEP_WOKEN)
        why = thread_sleep(deadline_ns, true);
    return why == SLEEP_TIMED_OUT ? -ETIMEDOUT : -ERESTARTSYS;
}

long futex_wait_any(const struct futex_one *futexes, unsigned count, u64 deadline_ns)
{
    struct futex_waiter *waiters = heap_alloc_zeroed(count * sizeof(*waiters));
    unsigned entered = 0;

    if (!waiters)
        return -ENOMEM;
    int result = enter_all(waiters, futexes, count, &entered);
    if (!result)
        result = sleep_for_any(waiters, count, deadline_ns);
    int woken = find_woken(waiters, entered);
    for (unsigned i = 0; i < entered; i++)
        futex_leave(&waiters[i]);
    current_thread()->woken = false;
    heap_free(waiters);
    return woken >= 0 ? woken : result;
}
