/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    who waits for which word, in the order they came.
 * Promises: a wake after the word was changed reaches whoever read the old value: a waiter is in
 *           its queue before it reads.
 * Locking:  none (one CPU, no preemption in the kernel); reading a program's word may sleep.
 * See:      futex(2)
 */
#include "abi/linux/errno.h"
#include "memory/space.h"
#include "platform/platform.h"
#include "task/futex_internal.h"
#include "time/timer.h"

#define BUCKETS 256u
#define KEY_SHARED 1u /* private memory by a shared operation: Linux keeps the two apart */

static struct list buckets[BUCKETS];

/* A word of private memory belongs to its address in its space; one of shared memory to its place
 * in what is mapped, wherever that is mapped. */
static int shared_key(struct user_ptr futex, enum futex_use use, struct futex_key *key)
{
    const struct vma *v = space_find(space_current(), futex.address);
    u32 needed = use == FUTEX_USE_WRITE ? MAP_WRITE : MAP_READ;

    if (!v || !(v->access & needed))
        return -EFAULT;
    if (v->backing && (v->flags & VMA_SHARED || !(v->access & MAP_WRITE))) {
        u64 offset = v->offset + (futex.address - v->start);
        *key = (struct futex_key){v->backing, offset, v->backing};
        return offset < align_up(v->backing->size, PAGE_SIZE) ? 0 : -EFAULT;
    }
    key->offset |= KEY_SHARED;
    return v->access & MAP_WRITE ? 0 : -EFAULT; /* a word that nobody can ever change */
}

int futex_find_key(struct user_ptr futex, bool shared, enum futex_use use, struct futex_key *key)
{
    if (!is_aligned(futex.address, sizeof(u32)))
        return -EINVAL;
    if (!program_address_ok(futex, sizeof(u32)))
        return -EFAULT;
    *key = (struct futex_key){space_current(), futex.address, NULL};
    return shared ? shared_key(futex, use, key) : 0;
}

struct list *futex_bucket(const struct futex_key *key)
{
    u64 mixed = ((u64)key->object ^ key->offset) * 0x9e3779b97f4a7c15ull;
    struct list *bucket = &buckets[mixed >> 56];

    if (!bucket->next)
        list_init(bucket);
    return bucket;
}

_Static_assert(BUCKETS == 1u << (64 - 56), "the hash is eight bits");

/* Behind which one it goes: higher real-time priorities are woken first, then in turn. */
static struct list *place_for(const struct futex_waiter *w, struct list *bucket)
{
    struct list *at = bucket->prev;

    while (w->thread->priority && at != bucket &&
           list_entry(at, struct futex_waiter, link)->thread->priority < w->thread->priority)
        at = at->prev;
    return at;
}

void futex_enter(struct futex_waiter *w, const struct futex_key *key)
{
    w->key = *key;
    if (key->backing)
        key->backing->operations->hold(key->backing);
    list_insert_after(place_for(w, futex_bucket(key)), &w->link);
}

struct futex_waiter *futex_first_waiter(const struct futex_key *key)
{
    list_for_each(node, futex_bucket(key)) {
        struct futex_waiter *w = list_entry(node, struct futex_waiter, link);
        if (futex_same(&w->key, key))
            return w;
    }
    return NULL;
}

void futex_leave(struct futex_waiter *w)
{
    if (futex_was_woken(w))
        return;
    list_remove(&w->link);
    if (w->key.backing)
        w->key.backing->operations->drop(w->key.backing);
}

void futex_wake_waiter(struct futex_waiter *w)
{
    futex_leave(w);
    thread_wake(w->thread);
}

void futex_move(struct futex_waiter *w, const struct futex_key *to)
{
    futex_leave(w);
    futex_enter(w, to);
}

long futex_wake_key(const struct futex_key *key, int count, u32 bitset)
{
    long woken = 0;

    list_for_each_safe(node, futex_bucket(key)) {
        struct futex_waiter *w = list_entry(node, struct futex_waiter, link);
        if (!futex_same(&w->key, key) || !(w->bitset & bitset))
            continue;
        if (futex_wants_lock(w))
            return -EINVAL;
        futex_wake_waiter(w);
        if (++woken >= count)
            break;
    }
    return woken;
}

long futex_wake(struct user_ptr futex, bool shared, int count, u32 bitset)
{
    struct futex_key key;
    int error = futex_find_key(futex, shared, FUTEX_USE_READ, &key);

    if (!bitset)
        return -EINVAL;
    return error ? error : futex_wake_key(&key, count, bitset);
}

long futex_wake_exactly(struct user_ptr futex, bool shared, int count, u32 bitset)
{
    struct futex_key key;
    int error = futex_find_key(futex, shared, FUTEX_USE_READ, &key);

    if (!bitset)
        return -EINVAL;
    return error || !count ? error : futex_wake_key(&key, count, bitset);
}

static long sleep_until_woken(struct futex_waiter *w, u64 deadline_ns)
{
    enum sleep_result why = SLEEP_WOKEN;

    while (!futex_was_woken(w) && why == SLEEP_WOKEN)
        why = thread_sleep(deadline_ns, true);
    if (futex_was_woken(w))
        return 0;
    return why == SLEEP_TIMED_OUT ? -ETIMEDOUT : -ERESTARTSYS;
}

static long wait_in_queue(struct futex_waiter *w, const struct futex_wait *wait)
{
    u32 now;
    int error = read_program_u32(&now, wait->futex);

    if (futex_was_woken(w))
        return 0;
    if (error)
        return -EFAULT;
    return now == wait->value ? sleep_until_woken(w, wait->deadline_ns) : -EAGAIN;
}

static void remember(const struct futex_wait *wait);

long futex_wait(const struct futex_wait *wait)
{
    struct futex_waiter w = {.bitset = wait->bitset, .thread = current_thread()};
    struct futex_key key;

    if (!wait->bitset)
        return -EINVAL;
    int error = futex_find_key(wait->futex, wait->shared, FUTEX_USE_READ, &key);
    if (error)
        return error;
    futex_enter(&w, &key);
    long result = wait_in_queue(&w, wait);
    futex_leave(&w);
    current_thread()->woken = false;
    if (result != -ERESTARTSYS || wait->deadline_ns == NO_DEADLINE)
        return result;
    remember(wait);
    return -ERESTART_RESTARTBLOCK;
}

/* A wait for a time goes on until the same moment when a signal without handler ended it. */
static long wait_again(struct restart_block *b)
{
    struct futex_wait wait = {
        .futex = {b->words[0]},
        .deadline_ns = b->words[1],
        .value = (u32)b->words[2],
        .bitset = (u32)b->words[3],
        .shared = b->words[4],
    };
    return futex_wait(&wait);
}

static void remember(const struct futex_wait *wait)
{
    struct restart_block *b = &current_thread()->restart;

    b->again = wait_again;
    b->words[0] = wait->futex.address;
    b->words[1] = wait->deadline_ns;
    b->words[2] = wait->value;
    b->words[3] = wait->bitset;
    b->words[4] = wait->shared;
}

int futex_change(struct user_ptr futex, u32 (*change)(u32 old, u32 argument), u32 argument,
                 u32 *old)
{
    int differs = read_program_u32(old, futex) ? -EFAULT : 1;

    while (differs > 0)
        differs = cmpxchg_program_u32(futex, old, change(*old, argument));
    return differs;
}
