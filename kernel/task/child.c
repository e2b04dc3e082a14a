/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for children.
 *
 * Holds:    nothing.
 * Promises: each end, stop and continuation is told once (unless WNOWAIT); a zombie that was told is
 *           gone, and its usage is its parent's RUSAGE_CHILDREN.
 * See:      wait(2), wait4(2)
 */
#include "abi/linux/errno.h"
#include "abi/linux/sched.h"
#include "task/exit.h"
#include "task/ids.h"
#include "task/usage.h"

static bool is_asked_for(const struct process *child, const struct child_request *r)
{
    if (child->adopted)
        return false;
    if (r->id_type == P_PID && child->pid != r->id)
        return false;
    if (r->id_type == P_PGID && child->pgid != r->id)
        return false;
    if ((r->options & __WNOTHREAD) && child->parent_tid != current_thread()->tid)
        return false;
    if (r->options & __WALL)
        return true;
    return (child->exit_signal != SIGCHLD) == !!(r->options & __WCLONE);
}

static void fill(const struct process *child, struct child_report *report, int wait_status)
{
    report->pid = child->pid;
    report->uid = child->credentials.uid;
    report->wait_status = wait_status;
    usage_of(child, &report->usage);
}

static bool tell_end(struct process *child, const struct child_request *r,
                     struct child_report *report)
{
    struct process *parent = child->parent;

    if (!child->zombie || !(r->options & WEXITED))
        return false;
    fill(child, report, child->exit_status);
    report_exit_code(child->exit_status, &report->code, &report->status);
    if (r->options & WNOWAIT)
        return true;
    usage_add_child(parent, child);
    process_unlink(child);
    return true;
}

static bool tell_stop(struct process *child, const struct child_request *r,
                      struct child_report *report)
{
    if (!child->stop_report || !(r->options & WSTOPPED))
        return false;
    fill(child, report, child->stop_report << 8 | 0x7f);
    report->code = CLD_STOPPED;
    report->status = child->stop_report;
    if (!(r->options & WNOWAIT))
        child->stop_report = 0;
    return true;
}

static bool tell_continue(struct process *child, const struct child_request *r,
                          struct child_report *report)
{
    if (!child->continue_report || !(r->options & WCONTINUED))
        return false;
    fill(child, report, 0xffff);
    report->code = CLD_CONTINUED;
    report->status = SIGCONT;
    if (!(r->options & WNOWAIT))
        child->continue_report = false;
    return true;
}

struct search {
    const struct child_request *request;
    struct child_report *report;
    long result;
};

/* true: the search is over, with a report or with -ECHILD. */
static bool look(void *arg)
{
    struct search *s = arg;
    bool any = false;

    list_for_each_safe(node, &current_process()->children) {
        struct process *child = list_entry(node, struct process, sibling);
        if (!is_asked_for(child, s->request))
            continue;
        any = true;
        if (tell_end(child, s->request, s->report) || tell_stop(child, s->request, s->report) ||
            tell_continue(child, s->request, s->report))
            return true;
    }
    s->result = any ? 0 : -ECHILD;
    return !any;
}

long child_wait(const struct child_request *request, struct child_report *report)
{
    struct search search = {request, report, 0};

    *report = (struct child_report){0};
    if (look(&search) || (request->options & WNOHANG))
        return search.result;
    int error = wait_until(&current_process()->child_wait, look, &search, NO_DEADLINE);
    return error ? error : search.result;
}
