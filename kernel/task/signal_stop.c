/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stopping and continuing whole processes.
 *
 * Holds:    in struct process: the signal that stops it, and how many of its threads have stopped.
 * Promises: each thread stops on its way back to the program; a sleep that a signal may end is
 *           ended for that and goes on afterwards (or the call fails with EINTR, if it is one of
 *           those in signal(7)). The parent is told when the last one has stopped.
 * See:      signal(7), wait(2), setpgid(2) on orphaned process groups
 */
#include "task/exit.h"
#include "task/signal_internal.h"

void process_note_stopped(struct process *p)
{
    if (p->stop_signal && p->thread_count && p->stopped_threads == p->thread_count)
        report_stop(p, p->stop_signal);
}

void process_stop(struct process *p, int signal)
{
    /* The shell that could continue the members is gone: only SIGSTOP is obeyed. */
    if (signal != SIGSTOP && group_is_orphaned(p->pgid, p->sid))
        return;
    p->stop_signal = signal;
    p->stopped_threads = 0;
    list_for_each(node, &p->threads) {
        struct thread *t = list_entry(node, struct thread, in_process);
        if (t != current_thread() && t->state != THREAD_DEAD)
            signal_wake(t);
    }
}

void process_continue(struct process *p)
{
    if (!p->stop_signal)
        return;
    p->stop_signal = 0;
    p->stopped_threads = 0;
    list_for_each(node, &p->threads) {
        struct thread *t = list_entry(node, struct thread, in_process);
        if (t->state == THREAD_STOPPED)
            thread_make_runnable(t);
    }
    report_continue(p);
}

void thread_stay_stopped(struct thread *t)
{
    struct process *p = t->process;

    while (p->stop_signal && !thread_must_end(t)) {
        t->state = THREAD_STOPPED;
        p->stopped_threads++;
        process_note_stopped(p);
        schedule();
    }
}
