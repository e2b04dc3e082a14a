/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside task/: what signal.c, signal_deliver.c, signal_timer.c and return.c share. */
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
/* signal_timer.c */
void process_tick(struct process *p, u64 tick_ns); /* ITIMER_VIRTUAL, ITIMER_PROF, RLIMIT_CPU */
