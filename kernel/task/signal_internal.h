/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside task/: what signal*.c, the timers and return.c share. */
#pragma once

#include "task/task.h"

#define UNBLOCKABLE (LINUX_SIGMASK(SIGKILL) | LINUX_SIGMASK(SIGSTOP))
/* Taken before any other, as Linux does: a fault's signal belongs to the faulting instruction. */
#define SYNCHRONOUS                                                                                \
    (LINUX_SIGMASK(SIGSEGV) | LINUX_SIGMASK(SIGBUS) | LINUX_SIGMASK(SIGILL) |                      \
     LINUX_SIGMASK(SIGTRAP) | LINUX_SIGMASK(SIGFPE) | LINUX_SIGMASK(SIGSYS))

enum default_action { DEFAULT_TERMINATE, DEFAULT_CORE, DEFAULT_IGNORE, DEFAULT_STOP, DEFAULT_CONTINUE };
enum default_action signal_default(int signal);
bool signal_is_ignored(const struct process *p, int signal); /* by its action, whoever blocks it */
#define STOPPING                                                                                   \
    (LINUX_SIGMASK(SIGSTOP) | LINUX_SIGMASK(SIGTSTP) | LINUX_SIGMASK(SIGTTIN) |                    \
     LINUX_SIGMASK(SIGTTOU))
/* All deliverable signals to the current program, by frames on its stack or default actions.
 * true: the frame was changed. */
bool signals_deliver(struct trap_frame *frame);
/* signal_queue.c */
void signal_queue_init(struct signal_queue *q);
/* 0, or -EAGAIN when a queueing sender must hear that there is no room. */
int signal_queue_put(struct process *p, struct signal_queue *q, int signal,
                     const struct linux_siginfo *info);
/* An entry that its owner keeps, and makes with charge (false: over RLIMIT_SIGPENDING). */
bool queued_signal_charge(struct queued_signal *entry, const struct process *p, bool over_limit);
void queued_signal_uncharge(struct queued_signal *entry);
void signal_queue_put_prepared(struct signal_queue *q, struct queued_signal *entry);
void signal_queue_withdraw(struct signal_queue *q, struct queued_signal *entry);
void signal_queue_take(struct signal_queue *q, int signal, struct linux_siginfo *info);
void signal_queue_forget(struct signal_queue *q, u64 set);
/* signal_send.c: like signal_send_*, to a thread when `t` is not NULL. false: it is ignored. */
bool signal_send_prepared(struct process *p, struct thread *t, struct queued_signal *entry);
/* signal.c */
void signal_wake(struct thread *t);                 /* it shall look at its signals */
void signal_forget(struct process *p, u64 set);     /* what is pending anywhere in it */
/* signal_stop.c */
void process_stop(struct process *p, int signal);   /* its threads stop when they next return */
void process_continue(struct process *p);
void thread_stay_stopped(struct thread *t);         /* the current one, if it has to */
