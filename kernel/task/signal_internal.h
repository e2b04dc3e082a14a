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
/* signal.c: like signal_send_*, to a thread when `t` is not NULL. false: it is ignored. */
bool signal_send_prepared(struct process *p, struct thread *t, struct queued_signal *entry);
