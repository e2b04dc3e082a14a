/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing of its own; a contended lock's state hangs on its owner and its waiters.
 * Promises: the highest priority gets the lock first, among equals who came first; an owner runs at
 *           least at the highest priority of who waits for it, through chains of locks, too. A
 *           chain that would close is refused. When an owner ends, the next one gets the lock and
 *           finds FUTEX_OWNER_DIED in the word.
 * Locking:  none (one CPU, no preemption in the kernel).
 * See:      futex(2) "Priority-inheritance futexes"
 */
#include "task/futex_pi.h"

#include "abi/linux/errno.h"
#include "memory/page.h"
#include "task/policy.h"
#include "time/timer.h"

/* --- lending --- */

static struct futex_waiter *top(const struct pi_state *s)
{
    return list_empty(&s->waiters) ? NULL
                                   : list_entry(s->waiters.next, struct futex_waiter, in_pi);
}

static u8 lent_to(const struct thread *owner)
{
    u8 highest = 0;

    list_for_each(node, &owner->pi_states) {
        const struct futex_waiter *w = top(list_entry(node, struct pi_state, in_owner));
        if (w && w->thread->priority > highest)
            highest = w->thread->priority;
    }
    return highest;
}

static void line_up(struct futex_waiter *w)
{
    struct list *at = &w->pi->waiters;

    while (at->next != &w->pi->waiters &&
           list_entry(at->next, struct futex_waiter, in_pi)->thread->priority >=
               w->thread->priority)
        at = at->next;
    list_insert_after(at, &w->in_pi);
}

void futex_pi_adjust(struct thread *t)
{
    while (t) {
        struct futex_waiter *w = t->pi_wait;
        u8 before = t->priority;
        policy_lend(t, lent_to(t));
        if (t->priority == before || !w || !w->pi)
            return;
        list_remove(&w->in_pi);
        line_up(w);
        t = w->pi->owner;
    }
}

/* --- states --- */

static void set_owner(struct pi_state *s, struct thread *owner)
{
    struct thread *before = s->owner;

    list_remove(&s->in_owner);
    s->owner = owner;
    if (owner)
        list_push_back(&owner->pi_states, &s->in_owner);
    if (before)
        futex_pi_adjust(before);
    if (owner)
        futex_pi_adjust(owner);
}

void pi_release_unused(struct pi_state *s)
{
    if (!list_empty(&s->waiters) || s->settling)
        return;
    set_owner(s, NULL);
    heap_free(s);
}

static int new_state(struct thread *owner, struct pi_state **out)
{
    struct pi_state *s;

    if (!owner || owner->state == THREAD_DEAD)
        return -ESRCH;
    s = heap_alloc_zeroed(sizeof(*s));
    if (!s)
        return -ENOMEM;
    list_init(&s->in_owner);
    list_init(&s->waiters);
    set_owner(s, owner);
    *out = s;
    return 0;
}

/* Whether the word and what we know of the lock agree. */
static int check_state(u32 word, const struct pi_state *s)
{
    u32 tid = word & FUTEX_TID_MASK;

    if (s->settling || (word & FUTEX_OWNER_DIED && !tid))
        return 0;
    return tid == (u32)s->owner->tid ? 0 : -EINVAL;
}

static u32 take_word(u32 old, u32 tid_and_flags) { return (old & FUTEX_OWNER_DIED) | tid_and_flags; }
static u32 mark_waiters(u32 old, unused_arg u32 argument) { return old | FUTEX_WAITERS; }

int pi_take_or_find(struct user_ptr word, const struct futex_key *key, struct thread *who,
                    bool set_waiters, struct pi_state **state)
{
    struct futex_waiter *first = futex_first_waiter(key);
    u32 now;

    if (read_program_u32(&now, word))
        return -EFAULT;
    if ((now & FUTEX_TID_MASK) == (u32)who->tid)
        return -EDEADLK;
    if (first) {
        *state = first->pi;
        return first->pi ? check_state(now, first->pi) : -EINVAL;
    }
    if (!(now & FUTEX_TID_MASK)) {
        u32 mark = (u32)who->tid | (set_waiters ? FUTEX_WAITERS : 0);
        return futex_change(word, take_word, mark, &now) ? -EFAULT : 1;
    }
    if (futex_change(word, mark_waiters, 0, &now))
        return -EFAULT;
    return new_state(thread_find((s32)(now & FUTEX_TID_MASK)), state);
}

/* --- waiting --- */

static bool closes_chain(const struct thread *waiter, const struct pi_state *s)
{
    const struct thread *owner = s->owner;

    while (owner && owner != waiter)
        owner = owner->pi_wait && owner->pi_wait->pi ? owner->pi_wait->pi->owner : NULL;
    return owner == waiter;
}

int pi_enter(struct futex_waiter *w, const struct futex_key *key, struct pi_state *s)
{
    if (closes_chain(w->thread, s)) {
        pi_release_unused(s);
        return -EDEADLK;
    }
    futex_leave(w);
    w->pi = s;
    w->granted = false;
    w->thread->pi_wait = w;
    futex_enter(w, key);
    line_up(w);
    futex_pi_adjust(s->owner);
    return 0;
}

static void leave(struct futex_waiter *w)
{
    struct pi_state *s = w->pi;

    futex_leave(w);
    list_remove(&w->in_pi);
    w->pi = NULL;
    w->thread->pi_wait = NULL;
    if (list_empty(&s->waiters))
        pi_release_unused(s);
    else
        futex_pi_adjust(s->owner);
}

static u32 own_after_death(u32 old, u32 tid_and_flags)
{
    return (old & FUTEX_OWNER_DIED) | FUTEX_OWNER_DIED | tid_and_flags;
}

/* The owner ended, which could not write the word: perhaps it no longer saw it. */
static long settle(struct futex_waiter *w, struct user_ptr word)
{
    struct pi_state *s = w->pi;
    u32 mark = (u32)w->thread->tid | (list_empty(&s->waiters) ? 0 : FUTEX_WAITERS), old;
    int error = futex_change(word, own_after_death, mark, &old);

    s->settling = NULL;
    leave(w);
    return error;
}

long pi_wait(struct futex_waiter *w, struct user_ptr word, u64 deadline_ns)
{
    enum sleep_result why = SLEEP_WOKEN;

    while (!w->granted && why == SLEEP_WOKEN)
        why = thread_sleep(deadline_ns, true);
    if (w->granted)
        return w->pi ? settle(w, word) : 0;
    leave(w);
    return why == SLEEP_TIMED_OUT ? -ETIMEDOUT : -EINTR;
}

long futex_lock_pi(struct user_ptr word, bool shared, u64 deadline_ns, bool only_try)
{
    struct futex_waiter w = {.bitset = FUTEX_BITSET_MATCH_ANY, .thread = current_thread()};
    struct futex_key key;
    struct pi_state *state;

    list_init(&w.link);
    int error = futex_find_key(word, shared, FUTEX_USE_WRITE, &key);
    if (error)
        return error;
    int taken = pi_take_or_find(word, &key, current_thread(), false, &state);
    if (taken)
        return taken < 0 ? taken : 0;
    if (only_try) {
        pi_release_unused(state);
        return -EAGAIN;
    }
    error = pi_enter(&w, &key, state);
    if (error)
        return error;
    long result = pi_wait(&w, word, deadline_ns);
    return result == -EINTR ? -ERESTARTNOINTR : result;
}

/* --- giving --- */

/* The lock is the waiter's. Its state goes on with the others, if there are any. */
static void grant(struct pi_state *s, struct futex_waiter *w)
{
    list_remove(&w->in_pi);
    futex_leave(w);
    w->granted = true;
    w->pi = NULL;
    w->thread->pi_wait = NULL;
    set_owner(s, w->thread);
    thread_wake(w->thread);
    if (list_empty(&s->waiters))
        pi_release_unused(s);
}

static u32 set_word(unused_arg u32 old, u32 argument) { return argument; }

long futex_unlock_pi(struct user_ptr word, bool shared)
{
    struct futex_key key;
    u32 now;

    if (read_program_u32(&now, word))
        return -EFAULT;
    if ((now & FUTEX_TID_MASK) != (u32)current_thread()->tid)
        return -EPERM;
    int error = futex_find_key(word, shared, FUTEX_USE_WRITE, &key);
    if (error)
        return error;
    struct futex_waiter *first = futex_first_waiter(&key);
    if (!first)
        return futex_change(word, set_word, 0, &now);
    if (!first->pi || first->pi->owner != current_thread())
        return -EINVAL;
    struct futex_waiter *next = top(first->pi);
    if (!next) /* granted already: it will settle */
        return 0;
    error = futex_change(word, set_word, FUTEX_WAITERS | (u32)next->thread->tid, &now);
    if (!error)
        grant(first->pi, next);
    return error;
}

void futex_pi_owner_ends(struct thread *t)
{
    list_for_each_safe(node, &t->pi_states) {
        struct pi_state *s = list_entry(node, struct pi_state, in_owner);
        struct futex_waiter *next = top(s);
        if (!next)
            continue;
        list_remove(&next->in_pi);
        next->granted = true;
        next->thread->pi_wait = NULL; /* it has the lock: a chain of owners ends with it */
        s->settling = next;
        set_owner(s, next->thread);
        thread_wake(next->thread);
    }
}
