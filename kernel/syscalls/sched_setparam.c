/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_setparam(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/policy.h"

static struct thread *named(int pid) { return pid ? thread_find(pid) : current_thread(); }

long sys_sched_getparam(int pid, struct user_ptr param)
{
    if (pid < 0 || user_is_null(param))
        return -EINVAL;
    const struct thread *t = named(pid);
    return t ? write_program_u32(param, t->own_priority) : -ESRCH;
}

long sys_sched_setparam(int pid, struct user_ptr param)
{
    struct policy_request request = {.policy = KEEP_POLICY, .keeps_reset_on_fork = true};

    if (pid < 0 || user_is_null(param))
        return -EINVAL;
    if (read_program_u32(&request.priority, param))
        return -EFAULT;
    struct thread *t = named(pid);
    return t ? policy_set(t, &request) : -ESRCH;
}
