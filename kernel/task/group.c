/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Process groups and sessions.
 *
 * Holds:    nothing: a group is what its members say it is; its number stays taken meanwhile.
 * Promises: the rules of setpgid(2) and setsid(2), in Linux's order of errors.
 * See:      credentials(7)
 */
#include "task/group.h"

#include "abi/linux/errno.h"
#include "task/ids.h"

static void move_to_group(struct process *p, s32 pgid)
{
    id_hold(pgid);
    id_drop(p->pgid);
    p->pgid = pgid;
}

bool group_exists(s32 pgid)
{
    list_for_each(node, process_all()) {
        if (list_entry(node, struct process, link)->pgid == pgid)
            return true;
    }
    return false;
}

static bool group_is_in_session(s32 pgid, s32 sid)
{
    list_for_each(node, process_all()) {
        const struct process *p = list_entry(node, struct process, link);
        if (p->pgid == pgid && p->sid == sid)
            return true;
    }
    return false;
}

static int may_move(const struct process *p, const struct process *caller)
{
    if (p != caller && (p->parent != caller || p->adopted))
        return -ESRCH;
    if (p != caller && p->sid != caller->sid)
        return -EPERM;
    if (p != caller && p->has_executed)
        return -EACCES;
    return p->sid == p->pid ? -EPERM : 0; /* a session leader stays where it is */
}

int group_set(s32 pid, s32 pgid)
{
    struct process *caller = current_process(), *p = pid ? process_find(pid) : caller;

    if (pgid < 0)
        return -EINVAL;
    if (!p)
        return -ESRCH;
    int error = may_move(p, caller);
    if (error)
        return error;
    if (!pgid)
        pgid = p->pid;
    if (pgid != p->pid && !group_is_in_session(pgid, caller->sid))
        return -EPERM;
    move_to_group(p, pgid);
    return 0;
}

int session_start(void)
{
    struct process *p = current_process();

    if (p->sid == p->pid || group_exists(p->pid))
        return -EPERM;
    move_to_group(p, p->pid);
    id_hold(p->pid);
    id_drop(p->sid);
    p->sid = p->pid;
    p->terminal = NULL;
    return p->pid;
}
