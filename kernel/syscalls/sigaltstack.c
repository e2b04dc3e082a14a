/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigaltstack(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

static bool in_use(const struct thread *t)
{
    u64 sp = frame_sp(thread_frame(t));

    return !(t->altstack_flags & SS_AUTODISARM) && t->altstack_size && sp > t->altstack_sp &&
           sp - t->altstack_sp <= t->altstack_size;
}

static long change(struct thread *t, const struct linux_stack *wanted)
{
    u32 mode = (u32)wanted->ss_flags & ~SS_AUTODISARM;

    if (in_use(t))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (mode == SS_DISABLE) {
        t->altstack_sp = t->altstack_size = 0;
        t->altstack_flags = SS_DISABLE;
        return 0;
    }
    if (wanted->ss_size < MINSIGSTKSZ)
        return -ENOMEM;
    t->altstack_sp = wanted->ss_sp;
    t->altstack_size = wanted->ss_size;
    t->altstack_flags = (u32)wanted->ss_flags & SS_AUTODISARM;
    return 0;
}

long sys_sigaltstack(struct user_ptr stack, struct user_ptr old_stack)
{
    struct thread *t = current_thread();
    u32 state = !t->altstack_size ? SS_DISABLE : in_use(t) ? SS_ONSTACK : 0;
    struct linux_stack wanted, old = {
        .ss_sp = t->altstack_sp,
        .ss_flags = (s32)(state | (t->altstack_flags & SS_AUTODISARM)),
        .ss_size = t->altstack_size,
    };

    if (!user_is_null(stack)) {
        if (copy_from_program(&wanted, stack, sizeof(wanted)))
            return -EFAULT;
        long error = change(t, &wanted);
        if (error)
            return error;
    }
    return user_is_null(old_stack) ? 0 : copy_to_program(old_stack, &old, sizeof(old));
}
