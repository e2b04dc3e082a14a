/* SPDX-License-Identifier: BSD-3-Clause */
/* See getpriority(2): the raw call returns 20 - nice, which is never negative. */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "task/policy.h"

/* What is gathered from, or done to, each thread that was named. */
struct errand {
    void (*visit)(struct thread *t, struct errand *e);
    long result;
    int nice;
};

static void visit_all(struct process *p, struct errand *e)
{
    list_for_each(node, &p->threads)
        e->visit(list_entry(node, struct thread, in_process), e);
}

static bool belongs(const struct process *p, int which, int who)
{
    const struct process *own = current_process();

    if (which == PRIO_PGRP)
        return p->pgid == (who ? who : own->pgid);
    return p->credentials.uid == (who ? (u32)who : own->credentials.uid);
}

/* PRIO_PROCESS names one thread. */
static long run_errand(int which, int who, struct errand *e)
{
    if (which != PRIO_PROCESS && which != PRIO_PGRP && which != PRIO_USER)
        return -EINVAL;
    e->result = -ESRCH;
    if (which == PRIO_PROCESS) {
        struct thread *t = who ? thread_find(who) : current_thread();
        if (t)
            e->visit(t, e);
        return e->result;
    }
    list_for_each(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        if (belongs(p, which, who))
            visit_all(p, e);
    }
    return e->result;
}

static void find_highest(struct thread *t, struct errand *e)
{
    if (20 - t->nice > e->result)
        e->result = 20 - t->nice;
}

static void set_nice(struct thread *t, struct errand *e)
{
    int error = policy_set_nice(t, e->nice);

    if (error || e->result == -ESRCH)
        e->result = error;
}

long sys_getpriority(int which, int who)
{
    struct errand e = {.visit = find_highest};

    return run_errand(which, who, &e);
}

long sys_setpriority(int which, int who, int nice)
{
    struct errand e = {.visit = set_nice, .nice = nice};

    if (nice < NICE_MIN)
        e.nice = NICE_MIN;
    if (nice > NICE_MAX)
        e.nice = NICE_MAX;
    return run_errand(which, who, &e);
}
