/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigpending(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

long sys_rt_sigpending(struct user_ptr set, size_t sigset_size)
{
    const struct thread *t = current_thread();
    u64 pending = (t->signals.pending | t->process->signals.pending) & t->blocked;

    if (sigset_size > LINUX_SIGSET_BYTES)
        return -EINVAL;
    return copy_to_program(set, &pending, sigset_size);
}
