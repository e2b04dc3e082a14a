/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside task/: locks whose owner runs at the priority of who waits for it. See futex(2). */
#pragma once

#include "task/futex_internal.h"

/* One contended lock. It lives as long as somebody waits for it. */
struct pi_state {
    struct list in_owner;        /* in the owner's pi_states */
    struct thread *owner;        /* who has it, or is about to say so in the word (settling) */
    struct futex_waiter *settling; /* the old owner ended: this waiter writes the word when it runs */
    struct list waiters;         /* struct futex_waiter.in_pi, highest priority first */
};

/* For `who`: 1: the word is its own now; 0: *state is what it must wait for; -EDEADLK, -EINVAL,
 * -ESRCH, -EFAULT, -ENOMEM. set_waiters: others will wait for it soon. */
int pi_take_or_find(struct user_ptr word, const struct futex_key *key, struct thread *who,
                    bool set_waiters, struct pi_state **state);
/* w, of thread w->thread, waits for the state, no longer where it waited before. 0, or -EDEADLK: it
 * would wait for itself. */
int pi_enter(struct futex_waiter *w, const struct futex_key *key, struct pi_state *state);
/* Until the lock is w's: 0 (the word says so), -ETIMEDOUT, -EINTR, -EFAULT. Leaves the state. */
long pi_wait(struct futex_waiter *w, struct user_ptr word, u64 deadline_ns);
/* A state that pi_take_or_find made, for which in the end nobody waits. */
void pi_release_unused(struct pi_state *state);
