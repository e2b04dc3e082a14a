/* SPDX-License-Identifier: BSD-3-Clause */
/* How threads are scheduled: policy, priority, niceness. See sched(7), sched_setattr(2). */
#pragma once

#include "task/task.h"

#define NICE_MIN (-20)
#define NICE_MAX 19
#define KEEP_POLICY (-1)

struct policy_request {
    int policy;                  /* SCHED_*, or KEEP_POLICY */
    u32 priority;
    bool reset_on_fork, keeps_reset_on_fork;
    bool sets_nice;
    int nice;                    /* clamped to what there is */
};
/* 0, -EINVAL, -EPERM; -EBUSY for SCHED_DEADLINE, as where no time is left to promise. */
int policy_set(struct thread *t, const struct policy_request *request);
/* 0, -EPERM: not the caller's, -EACCES: may not be lowered. */
int policy_set_nice(struct thread *t, int nice);
/* The caller may change how this thread is scheduled. */
bool policy_may_change(const struct thread *t);
/* What a new thread has of its parent's. */
void policy_inherit(struct thread *child, const struct thread *parent);
/* Run at this priority from here on (PI futexes); at least at its own. */
void policy_lend(struct thread *t, u8 priority);
