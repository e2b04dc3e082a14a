/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigsuspend(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

long sys_rt_sigsuspend(struct user_ptr mask, size_t sigset_size)
{
    struct thread *t = current_thread();
    u64 wanted;

    if (sigset_size != LINUX_SIGSET_BYTES)
        return -EINVAL;
    if (read_program_u64(&wanted, mask))
        return -EFAULT;
    t->saved_blocked = t->blocked;
    t->restore_blocked = true;
    signal_set_blocked(wanted);
    while (thread_sleep(NO_DEADLINE, true) != SLEEP_INTERRUPTED)
        continue;
    return -ERESTARTNOHAND;
}
