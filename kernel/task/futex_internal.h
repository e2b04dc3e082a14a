/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside task/: the queues of futex.c, which the other futex files work on. */
#pragma once

#include "lib/list.h"
#include "memory/backing.h"
#include "task/futex.h"
#include "task/task.h"

/* Two words are the same futex when their keys are equal. */
struct futex_key {
    const void *object;          /* struct space (private) or struct backing (shared) */
    u64 offset;                  /* address, or bytes into the backing */
    struct backing *backing;     /* shared: the object again */
};

enum futex_use { FUTEX_USE_READ, FUTEX_USE_WRITE };

struct pi_state;

struct futex_waiter {
    struct list link;            /* in its bucket; alone: it was woken */
    struct futex_key key;        /* holds the backing while in a bucket */
    u32 bitset;
    struct thread *thread;
    const struct futex_key *pi_target; /* FUTEX_WAIT_REQUEUE_PI: where it may be moved to */
    struct pi_state *pi;         /* it waits for this lock */
    struct list in_pi;           /* in pi->waiters */
    bool granted;                /* the lock is its own */
};

/* Its sleep ends in a lock that it owns, so it cannot just be woken. */
static inline bool futex_wants_lock(const struct futex_waiter *w) { return w->pi || w->pi_target; }

/* 0, -EINVAL: not aligned, -EFAULT. */
int futex_find_key(struct user_ptr futex, bool shared, enum futex_use use, struct futex_key *key);
static inline bool futex_same(const struct futex_key *a, const struct futex_key *b)
{
    return a->object == b->object && a->offset == b->offset;
}
struct list *futex_bucket(const struct futex_key *key);
void futex_enter(struct futex_waiter *w, const struct futex_key *key);
void futex_leave(struct futex_waiter *w);
static inline bool futex_was_woken(const struct futex_waiter *w) { return list_empty(&w->link); }
struct futex_waiter *futex_first_waiter(const struct futex_key *key); /* NULL: none */
void futex_wake_waiter(struct futex_waiter *w);
void futex_move(struct futex_waiter *w, const struct futex_key *to);
/* Number woken; -EINVAL: somebody waits for a lock there. */
long futex_wake_key(const struct futex_key *key, int count, u32 bitset);
/* Applies `change` to a word in one step; *old is what it was. 0 or -EFAULT. */
int futex_change(struct user_ptr futex, u32 (*change)(u32 old, u32 argument), u32 argument,
                 u32 *old);
