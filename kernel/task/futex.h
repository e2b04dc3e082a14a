/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Futexes. See futex(2), futex(7). All take program addresses of the current space; `shared` says
 * that other processes may use the word, through whatever mapping of the same page.
 */
#pragma once

#include "abi/linux/futex.h"
#include "memory/user_memory.h"

/* robust_list.c: the thread ends; it is the current one. */
struct thread;
void robust_list_release(struct thread *t);
/* futex_pi.c: the thread ends; and: its own priority has changed. */
void futex_pi_owner_ends(struct thread *t);
void futex_pi_adjust(struct thread *t);

struct futex_wait {
    struct user_ptr futex;
    u64 deadline_ns;             /* monotonic */
    u32 value, bitset;
    bool shared;
};
/* 0: woken; -EAGAIN: the word is not `value`; -ETIMEDOUT, -ERESTARTSYS, -EINVAL, -EFAULT. */
long futex_wait(const struct futex_wait *wait);
/* Number woken, or -errno. As on Linux one waiter is woken even when count is 0. */
long futex_wake(struct user_ptr futex, bool shared, int count, u32 bitset);
long futex_wake_exactly(struct user_ptr futex, bool shared, int count, u32 bitset); /* 0 is 0 */

struct futex_requeue {
    struct user_ptr from, to;
    int wake_count, move_count;
    bool shared_from, shared_to;
    bool compares;               /* *from must be `value`, else -EAGAIN */
    u32 value;
};
/* Number woken and, with compares, moved. */
long futex_requeue(const struct futex_requeue *request);
/* FUTEX_WAKE_OP: number woken. */
long futex_wake_op(struct user_ptr first, struct user_ptr second, bool shared, int first_count,
                   int second_count, u32 operation);

/* --- futex_pi.c, futex_requeue_pi.c: locks whose word holds the owner's tid --- */
/* 0; only_try: -EAGAIN when it is another's; -EDEADLK, -ETIMEDOUT, -ESRCH, ... as futex(2). */
long futex_lock_pi(struct user_ptr word, bool shared, u64 deadline_ns, bool only_try);
long futex_unlock_pi(struct user_ptr word, bool shared);
/* Waits for wait->futex until it is moved to `lock` and has it. */
long futex_wait_requeue_pi(const struct futex_wait *wait, struct user_ptr lock);
/* Number of waiters that have `to` now or wait for it. */
long futex_cmp_requeue_pi(const struct futex_requeue *request);

/* --- futex_waitv.c --- */
struct futex_one {
    struct user_ptr futex;
    u32 value;
    bool shared;
};
/* Waits for all of them: the index of one that was woken, -EAGAIN when one has another value,
 * -ETIMEDOUT, -ERESTARTSYS, ... */
long futex_wait_any(const struct futex_one *futexes, unsigned count, u64 deadline_ns);
