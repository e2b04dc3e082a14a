/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends of processes.
 *
 * Holds:    nothing.
 * Promises: whoever ends the process first chooses its status; all its threads leave on their way
 *           back to the program or out of an interruptible sleep. The last one gives everything
 *           back and leaves a zombie; its children go to the nearest subreaper or to pid 1, which
 *           then has no work with them: what pid 1 adopted is reaped by itself. When pid 1 ends,
 *           all others are killed first, then the machine ends with its status.
 * See:      exit_group(2), _exit(2), wait(2) for the status, prctl(2) PR_SET_CHILD_SUBREAPER.
 */
#include "task/exit.h"

#include "abi/linux/errno.h"
#include "lib/log.h"
#include "memory/space.h"
#include "task/ids.h"
#include "task/observe.h"
#include "task/usage.h"
#include "time/timer.h"

static noreturn_fn void (*power_off_hook)(int wait_status);

void task_set_power_off(noreturn_fn void (*hook)(int wait_status)) { power_off_hook = hook; }

static void (*end_hook)(struct process *p);

void task_set_end_hook(void (*hook)(struct process *p)) { end_hook = hook; }

static struct process *first_process(void)
{
    return list_entry(process_all()->next, struct process, link);
}

/* Wakes threads so that they find out that they have to end. */
static void rouse_threads(struct process *p)
{
    list_for_each(node, &p->threads) {
        struct thread *t = list_entry(node, struct thread, in_process);
        if (t->state == THREAD_STOPPED || t->state == THREAD_SLEEPING)
            thread_make_runnable(t);
    }
}

void process_kill(struct process *p, int wait_status)
{
    if (!p->exiting) {
        bool lost = p->space && platform_space_is_lost(&p->space->platform);
        p->exiting = true;
        p->exit_status = lost ? SIGKILL : wait_status; /* what the loss led to does not count */
    }
    rouse_threads(p);
    if (p == current_process())
        __atomic_or_fetch(&this_cpu()->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
}

int process_become_single(void)
{
    struct thread *t = current_thread();
    struct process *p = t->process;
    struct waiter w = {0};

    if (p->exiting || p->survivor)
        return -EAGAIN; /* nobody sees it: this thread ends */
    p->survivor = t;
    rouse_threads(p);
    wait_enter(&p->end_wait, &w);
    while (p->thread_count > 1 && !p->exiting)
        thread_sleep(NO_DEADLINE, false);
    wait_leave(&w);
    p->survivor = NULL;
    if (p->exiting)
        return -EAGAIN;
    thread_become_first(t);
    return 0;
}

/* --- what becomes of the children --- */

static struct process *reaper_of(const struct process *p)
{
    for (struct process *a = p->parent; a; a = a->parent)
        if (a->subreaper && !a->exiting)
            return a;
    return first_process();
}

static void give_children_away(struct process *p)
{
    struct process *reaper = reaper_of(p);

    list_for_each_safe(node, &p->children) {
        struct process *child = list_entry(node, struct process, sibling);
        list_remove(node);
        list_push_back(&reaper->children, node);
        child->parent = reaper;
        child->parent_tid = reaper->pid;
        child->adopted = !reaper->subreaper;
        report_orphan(child, p);
    }
}

/* --- pid 1 --- */

static bool is_alone(void *unused unused_arg)
{
    return first_process()->link.next == process_all();
}

static void kill_all_others(struct process *first)
{
    struct waiter w = {0};

    list_for_each(node, process_all()) {
        struct process *p = list_entry(node, struct process, link);
        if (p != first && !p->zombie)
            process_kill(p, SIGKILL);
    }
    list_for_each_safe(node, &first->children) {
        struct process *p = list_entry(node, struct process, sibling);
        if (p->zombie)
            process_unlink(p);
    }
    wait_enter(&first->child_wait, &w);
    while (!is_alone(NULL))
        thread_sleep(NO_DEADLINE, false);
    wait_leave(&w);
}

static noreturn_fn void end_machine(struct process *p)
{
    kill_all_others(p);
    process_drop_files(p);
    assert_always(power_off_hook);
    power_off_hook(p->exit_status);
}

/* --- the last thread --- */

static void give_back(struct process *p)
{
    struct space *s = p->space;

    signal_end_process(p);
    if (end_hook)
        end_hook(p);
    process_drop_files(p);
    usage_leave_space(p);
    p->space = NULL;
    space_drop(s);
    give_children_away(p);
    report_leaving(p);
}

/* No thread of it will run again: its structure waits for the parent. */
static noreturn_fn void end_process(struct process *p)
{
    struct thread *t = current_thread();

    if (p == first_process())
        end_machine(p);
    give_back(p);
    thread_bury(t);
    signal_actions_drop(p);
    report_end(p);
    schedule();
    panic("an ended process was resumed");
}

noreturn_fn void process_exit(int wait_status)
{
    struct thread *t = current_thread();
    struct process *p = t->process;

    process_kill(p, wait_status);
    observe_end(t, p->exit_status);
    thread_let_go();
    if (p->thread_count == 1)
        end_process(p);
    report_thread_end(t);
    thread_bury(t);
    schedule();
    panic("an ended thread was resumed");
}
