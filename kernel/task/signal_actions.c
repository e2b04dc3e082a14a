/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of what a process does at each signal.
 *
 * Holds:    nothing; a table is counted, because CLONE_SIGHAND shares it between processes.
 * See:      clone(2), execve(2), sigaction(2)
 */
#include "lib/string.h"
#include "memory/page.h"
#include "task/ids.h"

bool signal_actions_create(struct process *p)
{
    struct signal_actions *a = heap_alloc_zeroed(sizeof(*a));

    if (!a)
        return false;
    a->references = 1;
    p->shared_actions = a;
    p->actions = a->of;
    return true;
}

struct signal_actions *signal_actions_copy(const struct signal_action *from)
{
    struct signal_actions *a = heap_alloc(sizeof(*a));

    if (!a)
        return NULL;
    a->references = 1;
    memcpy(a->of, from, sizeof(a->of));
    return a;
}

void signal_actions_drop(struct process *p)
{
    struct signal_actions *a = p->shared_actions;

    p->shared_actions = NULL;
    p->actions = NULL;
    if (a && !--a->references)
        heap_free(a);
}

void signal_actions_replace(struct process *p, struct signal_actions *a)
{
    signal_actions_drop(p);
    p->shared_actions = a;
    p->actions = a->of;
}

void signal_actions_reset(struct process *p)
{
    for (int n = 0; n < LINUX_NSIG; n++) {
        bool ignored = p->actions[n].handler == SIG_IGN;
        p->actions[n] = (struct signal_action){.handler = ignored ? SIG_IGN : SIG_DFL};
    }
}
