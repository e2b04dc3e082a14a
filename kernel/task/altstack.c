/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: nothing; the stack's place, size and flags (as they were given) live in struct thread.
 * See: sigaltstack(2), sigreturn(2)
 */
#include "task/altstack.h"

#include "abi/linux/errno.h"

bool altstack_holds(const struct thread *t, u64 sp)
{
    if (t->altstack_flags & SS_AUTODISARM)
        return false;
    return t->altstack_size && sp > t->altstack_sp && sp - t->altstack_sp <= t->altstack_size;
}

struct linux_stack altstack_state(const struct thread *t, u64 sp)
{
    u32 state = !t->altstack_size ? SS_DISABLE : altstack_holds(t, sp) ? SS_ONSTACK : 0;

    return (struct linux_stack){
        .ss_sp = t->altstack_sp,
        .ss_flags = (s32)(state | (t->altstack_flags & SS_AUTODISARM)),
        .ss_size = t->altstack_size,
    };
}

int altstack_set(struct thread *t, const struct linux_stack *wanted, u64 sp)
{
    u32 mode = (u32)wanted->ss_flags & ~SS_AUTODISARM;
    bool off = mode == SS_DISABLE;

    if (altstack_holds(t, sp))
        return -EPERM;
    if (!off && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (!off && wanted->ss_size < MINSIGSTKSZ)
        return -ENOMEM;
    t->altstack_sp = off ? 0 : wanted->ss_sp;
    t->altstack_size = off ? 0 : wanted->ss_size;
    t->altstack_flags = (u32)wanted->ss_flags;
    return 0;
}
