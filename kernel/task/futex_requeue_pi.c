/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Condition variables over locks with priority inheritance: who waits for the condition is moved
 * to the lock without running in between.
 * See: futex(2) FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI
 */
#include "abi/linux/errno.h"
#include "task/futex_pi.h"
#include "time/timer.h"

static long wait_to_be_moved(struct futex_waiter *w, struct user_ptr lock, u64 deadline_ns)
{
    enum sleep_result why = SLEEP_WOKEN;

    while (!w->granted && !w->pi && why == SLEEP_WOKEN)
        why = thread_sleep(deadline_ns, true);
    if (w->pi || w->granted) {
        long result = pi_wait(w, lock, deadline_ns);
        return result == -EINTR ? -EAGAIN : result; /* it cannot start again: it was moved */
    }
    return why == SLEEP_TIMED_OUT ? -ETIMEDOUT : -ERESTARTNOINTR;
}

long futex_wait_requeue_pi(const struct futex_wait *wait, struct user_ptr lock)
{
    struct futex_key from, to;
    u32 now;

    if (wait->futex.address == lock.address || !wait->bitset)
        return -EINVAL;
    int error = futex_find_key(lock, wait->shared, FUTEX_USE_WRITE, &to);
    if (!error)
        error = futex_find_key(wait->futex, wait->shared, FUTEX_USE_READ, &from);
    if (error)
        return error;
    if (read_program_u32(&now, wait->futex))
        return -EFAULT;
    if (now != wait->value)
        return -EAGAIN;
    if (futex_same(&from, &to))
        return -EINVAL;
    struct futex_waiter w = {
        .bitset = wait->bitset, .thread = current_thread(), .pi_target = &to};
    futex_enter(&w, &from);
    long result = wait_to_be_moved(&w, lock, wait->deadline_ns);
    futex_leave(&w);
    current_thread()->woken = false;
    return result;
}

/* 0: it has the lock or waits for it. */
static int move(struct futex_waiter *w, const struct futex_requeue *r, const struct futex_key *to,
                bool others_follow)
{
    struct pi_state *state;

    if (!w->pi_target || w->pi || !futex_same(w->pi_target, to))
        return -EINVAL;
    int taken = pi_take_or_find(r->to, to, w->thread, others_follow, &state);
    if (taken < 0)
        return taken;
    if (!taken)
        return pi_enter(w, to, state);
    futex_leave(w);
    w->granted = true;
    thread_wake(w->thread);
    return 0;
}

static long move_all(const struct futex_requeue *r, const struct futex_key *from,
                     const struct futex_key *to)
{
    long moved = 0, most = (long)r->wake_count + r->move_count;

    while (moved < most) {
        struct futex_waiter *w = futex_first_waiter(from);
        int error = w ? move(w, r, to, r->move_count > 0) : 0;
        if (error)
            return error;
        if (!w)
            break;
        moved++;
    }
    return moved;
}

long futex_cmp_requeue_pi(const struct futex_requeue *r)
{
    struct futex_key from, to;
    u32 now;

    if (r->wake_count < 0 || r->move_count < 0 || r->from.address == r->to.address ||
        r->wake_count != 1)
        return -EINVAL;
    int error = futex_find_key(r->from, r->shared_from, FUTEX_USE_READ, &from);
    if (!error)
        error = futex_find_key(r->to, r->shared_to, FUTEX_USE_WRITE, &to);
    if (!error && futex_same(&from, &to))
        error = -EINVAL;
    if (!error && read_program_u32(&now, r->from))
        error = -EFAULT;
    if (!error && now != r->value)
        error = -EAGAIN;
    return error ? error : move_all(r, &from, &to);
}
