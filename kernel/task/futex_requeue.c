/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operations on two futexes at once: FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP.
 * See: futex(2)
 */
#include "abi/linux/errno.h"
#include "task/futex_internal.h"

/* Waiters of `from` in their order: the first are woken, the next wait for `to` from here on. */
static long wake_and_move(const struct futex_requeue *r, const struct futex_key *from,
                          const struct futex_key *to)
{
    long woken = 0, moved = 0;

    list_for_each_safe(node, futex_bucket(from)) {
        struct futex_waiter *w = list_entry(node, struct futex_waiter, link);
        if (!futex_same(&w->key, from))
            continue;
        if (futex_wants_lock(w))
            return -EINVAL;
        if (woken < r->wake_count) {
            futex_wake_waiter(w);
            woken++;
        } else if (moved < r->move_count) {
            if (!futex_same(from, to))
                futex_move(w, to);
            moved++;
        } else {
            break;
        }
    }
    return woken + moved;
}

long futex_requeue(const struct futex_requeue *r)
{
    struct futex_key from, to;
    u32 now;

    if (r->wake_count < 0 || r->move_count < 0)
        return -EINVAL;
    int error = futex_find_key(r->from, r->shared_from, FUTEX_USE_READ, &from);
    if (!error)
        error = futex_find_key(r->to, r->shared_to, FUTEX_USE_READ, &to);
    if (error)
        return error;
    if (r->compares) {
        if (read_program_u32(&now, r->from))
            return -EFAULT;
        if (now != r->value)
            return -EAGAIN;
    }
    return wake_and_move(r, &from, &to);
}

static u32 set(unused_arg u32 old, u32 argument) { return argument; }
static u32 add(u32 old, u32 argument) { return old + argument; }
static u32 or(u32 old, u32 argument) { return old | argument; }
static u32 andn(u32 old, u32 argument) { return old & ~argument; }
static u32 xor(u32 old, u32 argument) { return old ^ argument; }

/* The condition on the second word's old value: 0, 1, or -ENOSYS. */
static int holds(u32 compare, s32 old, s32 argument)
{
    switch (compare) {
    case FUTEX_OP_CMP_EQ: return old == argument;
    case FUTEX_OP_CMP_NE: return old != argument;
    case FUTEX_OP_CMP_LT: return old < argument;
    case FUTEX_OP_CMP_LE: return old <= argument;
    case FUTEX_OP_CMP_GT: return old > argument;
    case FUTEX_OP_CMP_GE: return old >= argument;
    default: return -ENOSYS;
    }
}

static s32 sign_extend_12(u32 v) { return (s32)(v << 20) >> 20; }

/* Changes the word and tells whether its old value met the condition: 0, 1 or -errno. */
static int operate(struct user_ptr word, u32 operation)
{
    static u32 (*const changes[])(u32 old, u32 argument) = {set, add, or, andn, xor};
    u32 kind = operation >> 28 & 7, compare = operation >> 24 & 15, old;
    s32 argument = sign_extend_12(operation >> 12), compared = sign_extend_12(operation);

    if (operation >> 28 & FUTEX_OP_OPARG_SHIFT)
        argument = (s32)(1u << (argument & 31));
    if (!program_address_ok(word, sizeof(u32)))
        return -EFAULT;
    if (kind >= ARRAY_SIZE(changes))
        return -ENOSYS;
    int error = futex_change(word, changes[kind], (u32)argument, &old);
    return error ? error : holds(compare, (s32)old, compared);
}

long futex_wake_op(struct user_ptr first, struct user_ptr second, bool shared, int first_count,
                   int second_count, u32 operation)
{
    struct futex_key first_key, second_key;

    int error = futex_find_key(first, shared, FUTEX_USE_READ, &first_key);
    if (!error)
        error = futex_find_key(second, shared, FUTEX_USE_WRITE, &second_key);
    if (error)
        return error;
    int met = operate(second, operation);
    if (met < 0)
        return met;
    long woken = futex_wake_key(&first_key, first_count, FUTEX_BITSET_MATCH_ANY);
    if (woken < 0 || !met)
        return woken;
    long more = futex_wake_key(&second_key, second_count, FUTEX_BITSET_MATCH_ANY);
    return more < 0 ? more : woken + more;
}
