/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigprocmask(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

static long change(int how, u64 set)
{
    u64 blocked = current_thread()->blocked;

    switch (how) {
    case SIG_BLOCK:
        signal_set_blocked(blocked | set);
        return 0;
    case SIG_UNBLOCK:
        signal_set_blocked(blocked & ~set);
        return 0;
    case SIG_SETMASK:
        signal_set_blocked(set);
        return 0;
    default:
        return -EINVAL;
    }
}

long sys_rt_sigprocmask(int how, struct user_ptr set, struct user_ptr old_set, size_t sigset_size)
{
    u64 old = current_thread()->blocked, wanted;

    if (sigset_size != LINUX_SIGSET_BYTES)
        return -EINVAL;
    if (!user_is_null(set)) {
        if (read_program_u64(&wanted, set))
            return -EFAULT;
        long error = change(how, wanted);
        if (error)
            return error;
    }
    return user_is_null(old_set) ? 0 : write_program_u64(old_set, old);
}
