/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing; the settings live in struct thread.
 * Promises: a change takes effect at once: a thread that waits in the run queue changes its place,
 *           the running one gives way when it no longer is the first.
 * Refuses:  what Linux refuses without CAP_SYS_NICE, whose place effective root takes.
 * See:      sched(7), sched_setattr(2), setpriority(2)
 */
#include "task/policy.h"

#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi/linux/sched.h"
#include "task/credentials.h"
#include "task/futex.h"
#include "task/run_queue.h"

#define PRIORITY_MAX 99

static bool is_realtime(u32 policy) { return policy == SCHED_FIFO || policy == SCHED_RR; }

bool policy_may_change(const struct thread *t)
{
    const struct credentials *own = &current_process()->credentials;
    const struct credentials *its = &t->process->credentials;

    return credentials_privileged() || own->euid == its->euid || own->euid == its->uid;
}

static void apply(struct thread *t, u8 priority)
{
    bool waits = t->state == THREAD_RUNNABLE && !list_empty(&t->in_run_queue);

    if (waits)
        run_queue_remove(t);
    t->priority = priority;
    if (waits)
        run_queue_add_yielded(t);
    scheduler_reconsider();
}

void policy_lend(struct thread *t, u8 priority)
{
    u8 wanted = priority > t->own_priority ? priority : t->own_priority;

    if (t->priority != wanted)
        apply(t, wanted);
}

static bool is_valid(u32 policy, u32 priority)
{
    switch (policy) {
    case SCHED_FIFO:
    case SCHED_RR:
        return priority >= 1 && priority <= PRIORITY_MAX;
    case SCHED_OTHER:
    case SCHED_BATCH:
    case SCHED_IDLE:
        return !priority;
    default:
        return false;
    }
}

/* RLIMIT_NICE is given as 20 - nice. */
static bool may_have_nice(const struct thread *t, int nice)
{
    return nice >= t->nice || (u64)(20 - nice) <= t->process->limits[RLIMIT_NICE].soft;
}

static bool may_have_priority(const struct thread *t, u32 policy, u32 priority)
{
    u64 limit = t->process->limits[RLIMIT_RTPRIO].soft;

    if (!is_realtime(policy))
        return true;
    if (policy != t->policy && !limit)
        return false;
    return priority <= t->own_priority || priority <= limit;
}

/* Without privilege. */
static bool may_set(const struct thread *t, const struct policy_request *r, u32 policy)
{
    if (!is_realtime(policy) && r->sets_nice && !may_have_nice(t, r->nice))
        return false;
    if (!may_have_priority(t, policy, r->priority))
        return false;
    if (t->policy == SCHED_IDLE && policy != SCHED_IDLE &&
        (u64)(20 - t->nice) > t->process->limits[RLIMIT_NICE].soft)
        return false;
    if (t->reset_on_fork && !r->reset_on_fork && !r->keeps_reset_on_fork)
        return false;
    return policy_may_change(t);
}

int policy_set(struct thread *t, const struct policy_request *r)
{
    u32 policy = r->policy == KEEP_POLICY ? t->policy : (u32)r->policy;

    if (policy != SCHED_DEADLINE && !is_valid(policy, r->priority))
        return -EINVAL;
    if (!credentials_privileged() && (policy == SCHED_DEADLINE || !may_set(t, r, policy)))
        return -EPERM;
    if (policy == SCHED_DEADLINE)
        return -EBUSY;
    if (!r->keeps_reset_on_fork)
        t->reset_on_fork = r->reset_on_fork;
    if (r->sets_nice && !is_realtime(policy))
        t->nice = (s8)r->nice;
    if (t->policy != policy)
        t->slice_left_ns = 0;
    t->policy = policy;
    t->own_priority = (u8)r->priority;
    apply(t, t->priority);
    futex_pi_adjust(t);
    return 0;
}

int policy_set_nice(struct thread *t, int nice)
{
    if (!policy_may_change(t))
        return -EPERM;
    if (!credentials_privileged() && !may_have_nice(t, nice))
        return -EACCES;
    t->nice = (s8)nice;
    return 0;
}

void policy_inherit(struct thread *child, const struct thread *parent)
{
    child->nice = parent->nice;
    child->io_priority = parent->io_priority;
    child->policy = parent->policy;
    child->own_priority = child->priority = parent->own_priority;
    if (!parent->reset_on_fork)
        return;
    if (is_realtime(parent->policy)) {
        child->policy = SCHED_OTHER;
        child->own_priority = child->priority = 0;
    }
    if (child->nice < 0)
        child->nice = 0;
}
