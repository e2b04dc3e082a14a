/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending signals and taking them.
 *
 * Holds: nothing; what is pending stands in threads and processes (signal_queue.c).
 * See: signal(7), sigaction(2), rt_sigqueueinfo(2)
 */
#include "abi/linux/poll.h"
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

static bool is_ignored(const struct process *p, int signal)
{
    u64 handler = p->actions[signal - 1].handler;
    if (handler == SIG_IGN)
        return true;
    return handler == SIG_DFL && signal_default(signal) == DEFAULT_IGNORE;
}

bool signal_pending(const struct thread *t)
{
    if (thread_must_end(t))
        return true;
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

void signal_flush(struct process *p, int signal)
{
    u64 set = LINUX_SIGMASK(signal);

    signal_queue_forget(&p->signals, set);
    list_for_each(node, &p->threads)
        signal_queue_forget(&list_entry(node, struct thread, in_process)->signals, set);
}

void signal_forget_thread(struct thread *t)
{
    signal_queue_forget(&t->signals, ~0ull);
}

static bool blocked_by_all(struct process *p, int signal)
{
    list_for_each(node, &p->threads) {
        if (!(list_entry(node, struct thread, in_process)->blocked & LINUX_SIGMASK(signal)))
            return false;
    }
    return true;
}

/* Whoever reads a signalfd, and the thread that is to take it: t, or one that does not block it. */
static void tell(struct process *p, struct thread *t, int signal)
{
    wake_all(&p->signal_wait, POLLIN);
    if (t) {
        notify(t, signal);
        return;
    }
    list_for_each(node, &p->threads) {
        t = list_entry(node, struct thread, in_process);
        if (t->blocked & LINUX_SIGMASK(signal))
            continue;
        notify(t, signal);
        break;
    }
}

/* A blocked signal is kept although it is ignored: the handler may change before it is let in. */
static bool is_dropped(struct process *p, struct thread *t, int signal)
{
    bool blocked = t ? t->blocked & LINUX_SIGMASK(signal) : blocked_by_all(p, signal);

    return is_ignored(p, signal) && !blocked;
}

static int send(struct process *p, struct thread *t, int signal, const struct linux_siginfo *info)
{
    if (p->zombie || is_dropped(p, t, signal))
        return 0;
    struct linux_siginfo own = info ? *info : from_itself();
    int error = signal_queue_put(p, t ? &t->signals : &p->signals, signal, &own);
    if (!error)
        tell(p, t, signal);
    return error;
}

int signal_send_process(struct process *p, int signal, const struct linux_siginfo *info)
{
    return send(p, NULL, signal, info);
}

int signal_send_thread(struct thread *t, int signal, const struct linux_siginfo *info)
{
    return send(t->process, t, signal, info);
}

bool signal_send_prepared(struct process *p, struct thread *t, struct queued_signal *entry)
{
    int signal = entry->info.si_signo;

    if (is_dropped(p, t, signal))
        return false;
    signal_queue_put_prepared(t ? &t->signals : &p->signals, entry);
    tell(p, t, signal);
    return true;
}

void signal_force(int signal, const struct linux_siginfo *info)
{
    struct thread *t = current_thread();
    struct signal_action *action = &t->process->actions[signal - 1];

    if ((t->blocked & LINUX_SIGMASK(signal)) || action->handler == SIG_IGN) {
        *action = (struct signal_action){.handler = SIG_DFL};
        t->blocked &= ~LINUX_SIGMASK(signal);
    }
    (void)signal_queue_put(t->process, &t->signals, signal, info);
    notify(t, signal);
}

static int lowest(u64 set) { return set ? __builtin_ctzll(set) + 1 : 0; }

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
        signal_queue_take(q, signal, info);
    if (signal == SIGALRM)
        interval_signal_taken(t->process);
    return signal;
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
