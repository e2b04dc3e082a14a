/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sending signals.
 *
 * Promises: what Linux does at the moment of sending: a stop signal takes pending SIGCONTs with it
 *           and the other way round; SIGCONT continues even when it is blocked or ignored; an
 *           ignored signal is not kept, unless it is blocked or waited for. A signal of the whole
 *           process is told to its first thread if that one will take it, else to any that will.
 *           A signal that ends the process (without a core) ends all its threads from here on.
 * See:      signal(7), kill(2), sigaction(2)
 */
#include "abi/linux/poll.h"
#include "task/exit.h"
#include "task/observe.h"
#include "task/signal_internal.h"

/* What a signal shows that a program's own call brought upon it: SIGPIPE, SIGXFSZ. */
static struct linux_siginfo from_itself(void)
{
    struct linux_siginfo info = {.si_code = SI_USER};

    info.sent.si_pid = current_process()->pid;
    info.sent.si_uid = current_process()->credentials.uid;
    return info;
}

/* The thread whose mask says whether a signal of the process is blocked. */
static const struct thread *first_thread(const struct process *p)
{
    return list_entry(p->threads.next, struct thread, in_process);
}

/* Kept, although it may be ignored: the action may change before it is let in. And who watches
 * sees it all the same, as a tracer does on Linux. */
static bool is_dropped(const struct process *p, const struct thread *t, int signal)
{
    if (!signal_is_ignored(p, signal) || task_observer)
        return false;
    if (!t)
        t = first_thread(p);
    return !((t->blocked | t->awaited) & LINUX_SIGMASK(signal));
}

static bool takes(const struct thread *t, int signal)
{
    if ((t->blocked & LINUX_SIGMASK(signal)) || t->state == THREAD_DEAD)
        return false;
    if (signal == SIGKILL)
        return true;
    if (t == current_thread() && t->state == THREAD_RUNNABLE)
        return true;
    return t->state != THREAD_STOPPED && !t->signalled;
}

/* To be asked before the signal is queued. NULL: nobody now. */
static struct thread *choose(const struct process *p, struct thread *t, int signal)
{
    if (t)
        return takes(t, signal) ? t : NULL;
    list_for_each(node, &p->threads) {
        t = list_entry(node, struct thread, in_process);
        if (takes(t, signal))
            return t;
    }
    return NULL;
}

/* At once; while somebody watches it is delivered first, but for SIGKILL: ptrace(2). */
static bool ends_process(const struct process *p, const struct thread *t, int signal)
{
    if (task_observer && signal != SIGKILL)
        return false;
    return signal_default(signal) == DEFAULT_TERMINATE && !(t->awaited & LINUX_SIGMASK(signal)) &&
           p->actions[signal - 1].handler == SIG_DFL;
}

/* `t` will take it. */
static void tell(struct process *p, struct thread *t, int signal)
{
    wake_all(&p->signal_wait, POLLIN);
    if (!t)
        return;
    if (ends_process(p, t, signal))
        process_kill(p, signal);
    else
        signal_wake(t);
}

/* false: nobody shall hear of it. */
static bool prepare(struct process *p, const struct thread *t, int signal)
{
    if (p->zombie || p->exiting)
        return false;
    if (signal_default(signal) == DEFAULT_STOP)
        signal_forget(p, LINUX_SIGMASK(SIGCONT));
    if (signal == SIGCONT) {
        signal_forget(p, STOPPING);
        process_continue(p);
    }
    return !is_dropped(p, t, signal);
}

static int send(struct process *p, struct thread *t, int signal, const struct linux_siginfo *info)
{
    if (!prepare(p, t, signal))
        return 0;
    struct thread *taker = choose(p, t, signal);
    struct linux_siginfo own = info ? *info : from_itself();
    int error = signal_queue_put(p, t ? &t->signals : &p->signals, signal, &own);
    if (!error)
        tell(p, taker, signal);
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

    if (!prepare(p, t, signal))
        return false;
    struct thread *taker = choose(p, t, signal);
    signal_queue_put_prepared(t ? &t->signals : &p->signals, entry);
    tell(p, taker, signal);
    return true;
}

void signal_force(int signal, const struct linux_siginfo *info)
{
    struct thread *t = current_thread();
    struct signal_action *action = &t->process->actions[signal - 1];
    u64 bit = LINUX_SIGMASK(signal);

    if ((t->blocked & bit) || action->handler == SIG_IGN) {
        *action = (struct signal_action){.handler = SIG_DFL};
        signal_set_blocked(t->blocked & ~bit);
    }
    (void)signal_queue_put(t->process, &t->signals, signal, info);
    signal_wake(t);
}
