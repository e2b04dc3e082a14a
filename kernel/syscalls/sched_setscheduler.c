/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_setscheduler(2). */
#include "abi/linux/errno.h"
#include "abi/linux/sched.h"
#include "abi_handlers.h"
#include "task/policy.h"

static struct thread *named(int pid) { return pid ? thread_find(pid) : current_thread(); }

long sys_sched_getscheduler(int pid)
{
    if (pid < 0)
        return -EINVAL;
    const struct thread *t = named(pid);
    if (!t)
        return -ESRCH;
    return (long)(t->policy | (t->reset_on_fork ? SCHED_RESET_ON_FORK : 0));
}

long sys_sched_setscheduler(int pid, int policy, struct user_ptr param)
{
    struct policy_request request = {
        .policy = policy & ~SCHED_RESET_ON_FORK,
        .reset_on_fork = policy & SCHED_RESET_ON_FORK,
    };

    if (policy < 0 || pid < 0 || user_is_null(param))
        return -EINVAL;
    if (read_program_u32(&request.priority, param))
        return -EFAULT;
    struct thread *t = named(pid);
    if (!t)
        return -ESRCH;
    /* SCHED_DEADLINE needs more than a priority. */
    return request.policy == SCHED_DEADLINE ? -EINVAL : policy_set(t, &request);
}
