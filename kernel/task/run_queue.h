/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside task/: who runs next. Levels: real-time priorities above all else; below them threads that
 * were woken with some of their slice left; below those the rest, in turn. See sched(7).
 */
#pragma once

#include "task/task.h"

void run_queue_add_woken(struct thread *t);   /* it can run again, or for the first time */
void run_queue_add_yielded(struct thread *t); /* behind all others of its priority */
void run_queue_add_preempted(struct thread *t); /* goes on soon, unless its slice is used up */
void run_queue_remove(struct thread *t);      /* from wherever it waits; nothing when it does not */
struct thread *run_queue_take(void);          /* the next one, out of the queue; NULL: none */
bool run_queue_empty(void);
/* Whether the running thread should give way to one that waits. */
bool run_queue_beats(const struct thread *running);
/* The same, when only a higher priority counts. */
bool run_queue_outranks(const struct thread *running);
void run_queue_charge(const struct thread *t, u64 ran_ns, u64 now_ns); /* it ran, until now */
u64 run_queue_slice_ns(const struct thread *t); /* how long it may run in one turn; 0: for ever */
