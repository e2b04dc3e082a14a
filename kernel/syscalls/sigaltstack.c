/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigaltstack(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/altstack.h"

long sys_sigaltstack(struct user_ptr stack, struct user_ptr old_stack)
{
    struct thread *t = current_thread();
    u64 sp = frame_sp(thread_frame(t));
    struct linux_stack wanted, old = altstack_state(t, sp);

    if (!user_is_null(stack)) {
        if (copy_from_program(&wanted, stack, sizeof(wanted)))
            return -EFAULT;
        int error = altstack_set(t, &wanted, sp);
        if (error)
            return error;
    }
    return user_is_null(old_stack) ? 0 : copy_to_program(old_stack, &old, sizeof(old));
}
