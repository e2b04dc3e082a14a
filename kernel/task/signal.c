/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: queues of pending signals, per thread and per process.
 * Promises: standard signals are pending at most once; real-time signals queue in order, up to
 * RLIMIT_SIGPENDING. Out of memory loses the siginfo of a standard signal, never the signal.
 * See: signal(7), sigaction(2), rt_sigqueueinfo(2)
 */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "lib/string.h"
#include "memory/page.h"
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

static bool is_ignored(const struct process *p, int signal)
{
    u64 handler = p->actions[signal - 1].handler;
    if (handler == SIG_IGN)
        return true;
    return handler == SIG_DFL && signal_default(signal) == DEFAULT_IGNORE;
}

bool signal_pending(const struct thread *t)
{
    return ((t->signals.pending | t->process->signals.pending) & ~t->blocked) != 0;
}

void signal_set_blocked(u64 mask)
{
    struct thread *t = current_thread();
    t->blocked = mask & ~UNBLOCKABLE;
    if (signal_pending(t))
        __atomic_or_fetch(&this_cpu()->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
}

/* Makes the thread look at its signals: now if it runs, soon if it sleeps interruptibly. */
static void notify(struct thread *t, int signal)
{
    if (t->blocked & LINUX_SIGMASK(signal))
        return;
    if (t == current_thread())
        __atomic_or_fetch(&this_cpu()->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
    else if (t->state == THREAD_SLEEPING && t->interruptible)
        thread_make_runnable(t);
    if (t == current_thread() && t->state == THREAD_SLEEPING && t->interruptible)
        thread_make_runnable(t);
}

/* What a signal shows that a program's own call brought upon it: SIGPIPE, SIGXFSZ. */
static struct linux_siginfo from_itself(void)
{
    struct linux_siginfo info = {.si_code = SI_USER};

    info.sent.si_pid = current_process()->pid;
    info.sent.si_uid = current_process()->credentials.uid;
    return info;
}

/* 0, or -EAGAIN when a queueing sender must hear that the queue is full. */
static int enqueue(struct process *p, struct signal_queue *q, int signal,
                   const struct linux_siginfo *info)
{
    bool realtime = signal >= LINUX_SIGRTMIN;
    struct queued_signal *entry;

    if (!realtime && (q->pending & LINUX_SIGMASK(signal)))
        return 0;
    bool full = p->signal_count >= p->limits[RLIMIT_SIGPENDING].soft;
    entry = full ? NULL : heap_alloc(sizeof(*entry));
    if (!entry && realtime && info && info->si_code != SI_USER)
        return -EAGAIN;
    q->pending |= LINUX_SIGMASK(signal);
    if (!entry)
        return 0;
    entry->info = info ? *info : from_itself();
    entry->info.si_signo = signal;
    list_push_back(&q->queued, &entry->link);
    p->signal_count++;
    return 0;
}

static void drop_queued(struct process *p, struct queued_signal *entry)
{
    list_remove(&entry->link);
    heap_free(entry);
    p->signal_count--;
}

/* Forgets a pending signal in one queue, siginfo and all. */
static void flush_signal(struct process *p, struct signal_queue *q, int signal)
{
    q->pending &= ~LINUX_SIGMASK(signal);
    list_for_each_safe(node, &q->queued) {
        struct queued_signal *entry = list_entry(node, struct queued_signal, link);
        if (entry->info.si_signo == signal)
            drop_queued(p, entry);
    }
}

void signal_flush(struct process *p, int signal)
{
    flush_signal(p, &p->signals, signal);
    list_for_each(node, &p->threads)
        flush_signal(p, &list_entry(node, struct thread, in_process)->signals, signal);
}

void signal_forget_thread(struct thread *t)
{
    list_for_each_safe(node, &t->signals.queued)
        drop_queued(t->process, list_entry(node, struct queued_signal, link));
    t->signals.pending = 0;
}

static bool blocked_by_all(struct process *p, int signal)
{
    list_for_each(node, &p->threads) {
        if (!(list_entry(node, struct thread, in_process)->blocked & LINUX_SIGMASK(signal)))
            return false;
    }
    return true;
}

int signal_send_process(struct process *p, int signal, const struct linux_siginfo *info)
{
    if (is_ignored(p, signal) && !blocked_by_all(p, signal))
        return 0;
    int error = enqueue(p, &p->signals, signal, info);
    if (error)
        return error;
    list_for_each(node, &p->threads) {
        struct thread *t = list_entry(node, struct thread, in_process);
        if (t->blocked & LINUX_SIGMASK(signal))
            continue;
        notify(t, signal);
        break;
    }
    return 0;
}

int signal_send_thread(struct thread *t, int signal, const struct linux_siginfo *info)
{
    bool blocked = t->blocked & LINUX_SIGMASK(signal);
    if (is_ignored(t->process, signal) && !blocked)
        return 0;
    int error = enqueue(t->process, &t->signals, signal, info);
    if (!error)
        notify(t, signal);
    return error;
}

void signal_force(int signal, const struct linux_siginfo *info)
{
    struct thread *t = current_thread();
    struct signal_action *action = &t->process->actions[signal - 1];

    if ((t->blocked & LINUX_SIGMASK(signal)) || action->handler == SIG_IGN) {
        *action = (struct signal_action){.handler = SIG_DFL};
        t->blocked &= ~LINUX_SIGMASK(signal);
    }
    enqueue(t->process, &t->signals, signal, info);
    notify(t, signal);
}

static int lowest(u64 set) { return set ? __builtin_ctzll(set) + 1 : 0; }

/* Takes `signal` out of q. A signal that lost its siginfo reports SI_USER from nobody. */
static void dequeue(struct process *p, struct signal_queue *q, int signal,
                    struct linux_siginfo *info)
{
    bool found = false, more = false;

    *info = (struct linux_siginfo){.si_signo = signal, .si_code = SI_USER};
    list_for_each_safe(node, &q->queued) {
        struct queued_signal *entry = list_entry(node, struct queued_signal, link);
        if (entry->info.si_signo != signal)
            continue;
        if (found) {
            more = true;
            break;
        }
        *info = entry->info;
        found = true;
        drop_queued(p, entry);
    }
    if (!more)
        q->pending &= ~LINUX_SIGMASK(signal);
}

int signal_take(struct thread *t, u64 allowed, struct linux_siginfo *info)
{
    u64 own = t->signals.pending & allowed, shared = t->process->signals.pending & allowed;
    int signal = lowest(own & SYNCHRONOUS);
    struct signal_queue *q = &t->signals;

    if (!signal)
        signal = lowest(own);
    if (!signal) {
        signal = lowest(shared);
        q = &t->process->signals;
    }
    if (signal)
        dequeue(t->process, q, signal, info);
    return signal;
}
