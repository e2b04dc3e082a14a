/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a parent hears of its children: that they ended, stopped, went on.
 *
 * Holds:    nothing; what was not waited for yet is in the child's structure.
 * Promises: SIGCHLD (or the signal that clone chose) with Linux's siginfo, and every wait of the
 *           parent woken. A parent that ignores SIGCHLD or set SA_NOCLDWAIT never sees a zombie.
 * See:      sigaction(2) SA_NOCLDSTOP and SA_NOCLDWAIT, wait(2), setpgid(2) on orphaned groups.
 */
#include "abi/linux/sched.h"
#include "task/exit.h"
#include "task/ids.h"
#include "task/usage.h"

#define TICKS(ns) ((s64)((ns) / (NSEC_PER_SEC / 100)))

static struct linux_siginfo describe(const struct process *child, int signal, int code, int status)
{
    struct linux_siginfo info = {.si_signo = signal, .si_code = code};

    info.child.si_pid = child->pid;
    info.child.si_uid = child->credentials.uid;
    info.child.si_status = status;
    info.child.si_utime = TICKS(usage_process_ns(child));
    return info;
}

void report_exit_code(int wait_status, int *code, int *status)
{
    int signal = wait_status & 0x7f;

    *code = !signal ? CLD_EXITED : wait_status & 0x80 ? CLD_DUMPED : CLD_KILLED;
    *status = signal ? signal : wait_status >> 8 & 0xff;
}

/* The parent does not want to wait for its children: they are reaped at once. */
static bool wants_no_zombies(const struct process *parent)
{
    const struct signal_action *a = &parent->actions[SIGCHLD - 1];

    return a->handler == SIG_IGN || (a->flags & SA_NOCLDWAIT);
}

/* pid 1 ends: it waits until it is alone. */
static bool is_last_parent(const struct process *p) { return !p->parent && p->exiting; }

void report_end(struct process *p)
{
    struct process *parent = p->parent;
    bool reap = p->adopted || is_last_parent(parent) ||
                (p->exit_signal == SIGCHLD && wants_no_zombies(parent));
    int code, status;

    p->zombie = true;
    wake_all(&p->end_wait, 0);
    report_exit_code(p->exit_status, &code, &status);
    bool tells = p->exit_signal > 0 && p->exit_signal <= LINUX_NSIG; /* clone(2) takes 8 bits */
    if (tells && !p->adopted) {
        struct linux_siginfo info = describe(p, p->exit_signal, code, status);
        signal_send_process(parent, p->exit_signal, &info);
    }
    if (reap)
        process_unlink(p);
    wake_all(&parent->child_wait, 0);
}

static void report_change(struct process *p, int code, int status)
{
    struct process *parent = p->parent;

    if (!parent || parent->zombie || p->adopted)
        return;
    if (!(parent->actions[SIGCHLD - 1].flags & SA_NOCLDSTOP)) {
        struct linux_siginfo info = describe(p, SIGCHLD, code, status);
        signal_send_process(parent, SIGCHLD, &info);
    }
    wake_all(&parent->child_wait, 0);
}

void report_stop(struct process *p, int signal)
{
    p->stop_report = signal;
    p->continue_report = false;
    report_change(p, CLD_STOPPED, signal);
}

void report_continue(struct process *p)
{
    p->stop_report = 0;
    p->continue_report = true;
    report_change(p, CLD_CONTINUED, SIGCONT);
}

/* --- orphaned process groups --- */

static bool is_stopped(const struct process *p)
{
    list_for_each(node, &p->threads)
        if (list_entry(node, struct thread, in_process)->state == THREAD_STOPPED)
            return true;
    return false;
}

/* No member (but `leaving`) has a parent in another group of the session, who could continue it. */
static bool is_orphaned(s32 pgid, s32 sid, const struct process *leaving, bool *stopped)
{
    *stopped = false;
    list_for_each(node, process_all()) {
        const struct process *p = list_entry(node, struct process, link);
        if (p->pgid != pgid || p == leaving || p->zombie)
            continue;
        if (!p->parent) /* whoever started the machine can continue it */
            return false;
        if (p->parent->pgid != pgid && p->parent->sid == sid)
            return false;
        *stopped |= is_stopped(p);
    }
    return true;
}

bool group_is_orphaned(s32 pgid, s32 sid)
{
    bool stopped;

    return is_orphaned(pgid, sid, NULL, &stopped);
}

static void signal_group(s32 pgid, int signal)
{
    struct linux_siginfo info = {.si_code = SI_KERNEL};

    list_for_each(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        if (p->pgid == pgid)
            signal_send_process(p, signal, &info);
    }
}

/* `parent`, who stood outside the group in the same session, has left. */
static void check_group(s32 pgid, s32 sid, const struct process *parent,
                        const struct process *leaving)
{
    bool stopped;

    if (!parent || parent->pgid == pgid || parent->sid != sid)
        return;
    if (!is_orphaned(pgid, sid, leaving, &stopped) || !stopped)
        return;
    signal_group(pgid, SIGHUP);
    signal_group(pgid, SIGCONT);
}

void report_leaving(struct process *p)
{
    check_group(p->pgid, p->sid, p->parent, p);
}

static void send_death_signal(struct process *child, const struct process *parent)
{
    struct linux_siginfo info = {.si_code = SI_USER};

    if (!child->parent_death_signal || child->zombie)
        return;
    info.sent.si_pid = parent->pid;
    info.sent.si_uid = parent->credentials.uid;
    signal_send_process(child, child->parent_death_signal, &info);
}

static s32 another_thread(const struct thread *t)
{
    list_for_each(node, &t->process->threads) {
        const struct thread *other = list_entry(node, struct thread, in_process);
        if (other != t && other->state != THREAD_DEAD)
            return other->tid;
    }
    return t->tid;
}

void report_thread_end(struct thread *t)
{
    list_for_each(node, &t->process->children) {
        struct process *child = list_entry(node, struct process, sibling);
        if (child->parent_tid != t->tid)
            continue;
        child->parent_tid = another_thread(t);
        send_death_signal(child, t->process);
    }
}

void report_orphan(struct process *child, struct process *old_parent)
{
    send_death_signal(child, old_parent);
    child->exit_signal = SIGCHLD;
    check_group(child->pgid, child->sid, old_parent, NULL);
    if (child->zombie)
        report_end(child);
}
