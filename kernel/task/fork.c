/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New processes.
 *
 * Holds:    nothing.
 * Promises: what a child inherits, shares or starts afresh is as clone(2) and fork(2) list it. A
 *           process that could not be made whole has left no trace.
 * See:      clone.c for the child's first thread, memory/fork.c for its space.
 */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi/linux/sched.h"
#include "lib/string.h"
#include "memory/page.h"
#include "memory/space.h"
#include "task/clone.h"
#include "task/exit.h"
#include "task/ids.h"

static const struct task_file_hooks *file_hooks;

void task_set_file_hooks(const struct task_file_hooks *hooks) { file_hooks = hooks; }

void process_drop_files(struct process *p)
{
    if (file_hooks)
        file_hooks->drop(p);
}

/* What is a plain value and goes on in the child. */
static void inherit_values(struct process *child, const struct process *from)
{
    child->pgid = from->pgid;
    child->sid = from->sid;
    child->credentials = from->credentials;
    memcpy(child->limits, from->limits, sizeof(child->limits));
    child->dumpable = from->dumpable;
    child->no_new_privileges = from->no_new_privileges;
    child->keep_capabilities = from->keep_capabilities;
    child->personality = from->personality;
    child->oom_adjustment = from->oom_adjustment;
    child->oom_adjustment_least = from->oom_adjustment_least;
    child->no_huge_pages = from->no_huge_pages;
    memcpy(child->command, from->command, sizeof(child->command));
    memcpy(child->auxv, from->auxv, sizeof(child->auxv));
    child->auxv_words = from->auxv_words;
}

static int inherit_actions(struct process *child, const struct process *from, u64 flags)
{
    if (flags & CLONE_SIGHAND) {
        child->shared_actions = from->shared_actions;
        child->actions = from->actions;
        child->shared_actions->references++;
        return 0;
    }
    if (!signal_actions_create(child))
        return -ENOMEM;
    for (int n = 0; n < LINUX_NSIG; n++)
        if (!(flags & CLONE_CLEAR_SIGHAND) || from->actions[n].handler == SIG_IGN)
            child->actions[n] = from->actions[n];
    return 0;
}

static int inherit_space(struct process *child, const struct process *from, u64 flags)
{
    int error = 0;

    if (flags & CLONE_VM) {
        child->space = from->space;
        space_hold(child->space);
    } else {
        child->space = space_fork(&error);
    }
    return error;
}

static int inherit_all(struct process *child, const struct process *from, u64 flags)
{
    inherit_values(child, from);
    int error = inherit_actions(child, from, flags);
    if (!error && file_hooks)
        error = file_hooks->fork(child, from, flags);
    return error ? error : inherit_space(child, from, flags);
}

/* CLONE_PARENT makes a sibling, which also tells its end as the caller would. */
static void set_parent(struct process *child, struct process *from,
                       const struct clone_request *request)
{
    bool sibling = request->flags & CLONE_PARENT;

    child->parent = sibling ? from->parent : from;
    child->parent_tid = sibling ? from->parent_tid : current_thread()->tid;
    child->exit_signal = sibling ? from->exit_signal : request->exit_signal;
    list_push_back(&child->parent->children, &child->sibling);
}

/* RLIMIT_NPROC counts the threads of the real user. */
static bool would_exceed(const struct process *from, u64 more)
{
    u64 limit = from->limits[RLIMIT_NPROC].soft, count = more;

    if (limit == RLIM_INFINITY)
        return false;
    list_for_each(node, process_all()) {
        const struct process *p = list_entry(node, struct process, link);
        if (p->credentials.uid == from->credentials.uid)
            count += p->zombie ? 1 : p->thread_count;
    }
    return count > limit;
}

bool process_may_have_more(const struct process *from)
{
    const struct credentials *c = &from->credentials;
    return !c->euid || !c->uid || !would_exceed(from, 1);
}

bool process_too_many(const struct process *p)
{
    return p->credentials.uid && would_exceed(p, 0);
}

struct process *process_fork(const struct clone_request *request, int *error)
{
    struct process *from = current_process();

    *error = -EAGAIN;
    if (!process_may_have_more(from))
        return NULL;
    from->credentials.too_many = false;
    *error = -ENOMEM;
    struct process *child = process_allocate();
    if (!child)
        return NULL;
    *error = inherit_all(child, from, request->flags);
    if (!*error)
        *error = id_allocate(request->wanted_id, &child->pid);
    if (*error) {
        child->pid = 0;
        process_discard(child);
        return NULL;
    }
    process_enlist(child);
    set_parent(child, from, request);
    return child;
}

void process_discard(struct process *p)
{
    process_drop_files(p);
    if (p->space)
        space_drop(p->space);
    p->space = NULL;
    signal_actions_drop(p);
    process_unlink(p);
}
