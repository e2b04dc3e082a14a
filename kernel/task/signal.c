/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is pending, what is blocked, and taking signals.
 *
 * Holds:    nothing; what is pending stands in threads and processes (signal_queue.c).
 * Promises: a thread's `signalled` says that it has been told to look. A signal of the whole process
 *           is told to one thread (signal_send.c); whenever a thread can no longer take what it
 *           was told of, because it blocks it or ends, another one is told.
 * See:      signal(7), sigaction(2)
 */
#include "abi/linux/errno.h"
#include "task/interval.h"
#include "task/posix_timer.h"
#include "task/signal_internal.h"

enum default_action signal_default(int signal)
{
    switch (signal) {
    case SIGCHLD: case SIGURG: case SIGWINCH:
        return DEFAULT_IGNORE;
    case SIGCONT:
        return DEFAULT_CONTINUE;
    case SIGSTOP: case SIGTSTP: case SIGTTIN: case SIGTTOU:
        return DEFAULT_STOP;
    case SIGQUIT: case SIGILL: case SIGTRAP: case SIGABRT: case SIGBUS: case SIGFPE:
    case SIGSEGV: case SIGXCPU: case SIGXFSZ: case SIGSYS:
        return DEFAULT_CORE;
    default:
        return DEFAULT_TERMINATE;
    }
}

bool signal_is_ignored(const struct process *p, int signal)
{
    u64 handler = p->actions[signal - 1].handler;
    enum default_action usual = signal_default(signal);

    if (handler == SIG_IGN)
        return true;
    return handler == SIG_DFL && (usual == DEFAULT_IGNORE || usual == DEFAULT_CONTINUE);
}

static u64 deliverable(const struct thread *t)
{
    return (t->signals.pending | t->process->signals.pending) & ~t->blocked;
}

bool signal_pending(const struct thread *t)
{
    return t->signalled || t->process->stop_signal || thread_must_end(t);
}

void signal_wake(struct thread *t)
{
    t->signalled = true;
    if (t == current_thread())
        __atomic_or_fetch(&this_cpu()->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
    if (t->state == THREAD_SLEEPING && t->interruptible)
        thread_make_runnable(t);
}

/* The thread looks itself, as its mask or its queues have changed. */
static void look_again(struct thread *t)
{
    t->signalled = false;
    if (deliverable(t))
        signal_wake(t);
}

/* Signals of the process that `t` does not take (any more): told to others. */
static void pass_on(struct thread *t, u64 set)
{
    struct process *p = t->process;

    set &= p->signals.pending;
    list_for_each(node, &p->threads) {
        struct thread *other = list_entry(node, struct thread, in_process);
        if (!set)
            return;
        if (other == t || other->state == THREAD_DEAD || !(set & ~other->blocked))
            continue;
        signal_wake(other);
        set &= other->blocked;
    }
}

void signal_set_blocked(u64 mask)
{
    struct thread *t = current_thread();
    u64 more = mask & ~t->blocked;

    t->blocked = mask & ~UNBLOCKABLE;
    pass_on(t, more);
    look_again(t);
}

void signal_forget_thread(struct thread *t)
{
    signal_queue_forget(&t->signals, ~0ull);
}

void signal_thread_ends(struct thread *t)
{
    u64 could_take = ~t->blocked;

    t->blocked = ~0ull;
    pass_on(t, could_take);
    process_note_stopped(t->process);
}

void signal_forget(struct process *p, u64 set)
{
    signal_queue_forget(&p->signals, set);
    list_for_each(node, &p->threads)
        signal_queue_forget(&list_entry(node, struct thread, in_process)->signals, set);
}

void signal_flush(struct process *p, int signal)
{
    signal_forget(p, LINUX_SIGMASK(signal));
}

static int lowest(u64 set) { return set ? __builtin_ctzll(set) + 1 : 0; }

/* A fault's signal first, then by number. */
static int next_of(u64 set)
{
    return lowest(set & SYNCHRONOUS ? set & SYNCHRONOUS : set);
}

int signal_take(struct thread *t, u64 allowed, struct linux_siginfo *info)
{
    struct process *p = t->process;
    struct signal_queue *q = t->signals.pending & allowed ? &t->signals : &p->signals;
    int signal = next_of(q->pending & allowed);

    if (signal)
        signal_queue_take(q, signal, info);
    if (signal == SIGALRM)
        interval_signal_taken(p);
    look_again(t);
    return signal;
}

int signal_wait_for(u64 wanted, u64 deadline_ns, struct linux_siginfo *info)
{
    struct thread *t = current_thread();
    int signal = signal_take(t, wanted, info);
    enum sleep_result why = SLEEP_WOKEN;

    if (signal || deadline_ns == 0)
        return signal;
    t->awaited = wanted & t->blocked;
    u64 blocked = t->blocked;
    signal_set_blocked(blocked & ~wanted);
    while (!signal && why == SLEEP_WOKEN) {
        why = thread_sleep(deadline_ns, true);
        signal = signal_take(t, wanted, info);
    }
    t->awaited = 0;
    signal_set_blocked(blocked);
    return signal || why != SLEEP_INTERRUPTED ? signal : -EINTR;
}

static void look_at_cpu_time(struct timer *timer unused_arg)
{
    /* The interrupt that brought us here is followed by cpu_alarms_check. */
}

void signal_init_process(struct process *p)
{
    signal_queue_init(&p->signals);
    wait_queue_init(&p->signal_wait);
    list_init(&p->cpu_alarms);
    timer_init(&p->cpu_look, look_at_cpu_time);
    intervals_init(p);
    posix_timers_init(p);
}

void signal_end_process(struct process *p)
{
    posix_timers_drop(p);
    intervals_drop(p);
    cpu_alarms_drop(p);
    signal_queue_forget(&p->signals, ~0ull);
    while (list_pop_front(&p->signal_wait.waiters)) /* an epoll may live longer */
        continue;
}
