/* SPDX-License-Identifier: BSD-3-Clause */
/* See ioprio_set(2). Priorities are kept and told; there is no disk whose queue would obey them. */
#include "abi/linux/errno.h"
#include "abi/linux/ioprio.h"
#include "abi/linux/sched.h"
#include "abi_handlers.h"
#include "task/credentials.h"
#include "task/policy.h"

/* What is gathered from, or done to, each thread that was named. */
struct errand {
    void (*visit)(struct thread *t, struct errand *e);
    long result;
    u16 wanted;
};

static bool belongs(const struct process *p, int which, int who)
{
    const struct process *own = current_process();

    if (which == IOPRIO_WHO_PGRP)
        return p->pgid == (who ? who : own->pgid);
    return p->credentials.uid == (who ? (u32)who : own->credentials.uid);
}

static long run(int which, int who, struct errand *e)
{
    e->result = -ESRCH;
    if (which == IOPRIO_WHO_PROCESS) {
        struct thread *t = who ? thread_find(who) : current_thread();
        if (t)
            e->visit(t, e);
        return e->result;
    }
    if (which != IOPRIO_WHO_PGRP && which != IOPRIO_WHO_USER)
        return -EINVAL;
    list_for_each(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        if (!belongs(p, which, who))
            continue;
        list_for_each(thread, &p->threads)
            e->visit(list_entry(thread, struct thread, in_process), e);
    }
    return e->result;
}

/* What follows from the CPU's scheduling where nothing was set. */
static u16 effective(const struct thread *t)
{
    u32 class = t->policy == SCHED_FIFO || t->policy == SCHED_RR ? IOPRIO_CLASS_RT
                : t->policy == SCHED_IDLE                        ? IOPRIO_CLASS_IDLE
                                                                 : IOPRIO_CLASS_BE;
    if (t->io_priority >> IOPRIO_CLASS_SHIFT)
        return t->io_priority;
    return (u16)(class << IOPRIO_CLASS_SHIFT | (u32)((t->nice + 20) / 5));
}

/* Of one thread what was set, of several the highest that holds: the lowest number. */
static void tell(struct thread *t, struct errand *e) { e->result = t->io_priority; }

static void find_highest(struct thread *t, struct errand *e)
{
    if (e->result < 0 || effective(t) < e->result)
        e->result = effective(t);
}

static void set(struct thread *t, struct errand *e)
{
    const struct credentials *own = &current_process()->credentials;
    u32 owner = t->process->credentials.uid;

    if (owner != own->uid && owner != own->euid && !credentials_privileged()) {
        e->result = -EPERM;
        return;
    }
    t->io_priority = e->wanted;
    if (e->result == -ESRCH)
        e->result = 0;
}

static int check(int priority)
{
    switch (priority >> IOPRIO_CLASS_SHIFT) {
    case IOPRIO_CLASS_RT:
        return credentials_privileged() ? 0 : -EPERM;
    case IOPRIO_CLASS_BE:
    case IOPRIO_CLASS_IDLE:
        return 0;
    case IOPRIO_CLASS_NONE:
        return priority & IOPRIO_LEVEL_MASK ? -EINVAL : 0;
    default:
        return -EINVAL;
    }
}

long sys_ioprio_set(int which, int who, int priority)
{
    struct errand e = {.visit = set, .wanted = (u16)priority};
    int error = check(priority);

    return error ? error : run(which, who, &e);
}

long sys_ioprio_get(int which, int who)
{
    struct errand e = {.visit = which == IOPRIO_WHO_PROCESS ? tell : find_highest};

    return run(which, who, &e);
}
