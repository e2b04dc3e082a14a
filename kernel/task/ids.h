/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers of processes, threads, process groups and sessions: one space, as on Linux. Each role
 * that a number plays is one use of it; a number with a use is not given out again.
 */
#pragma once

#include "task/task.h"

/* The next free number, or `wanted` when not 0: one use. 0; -EAGAIN: none left, -EEXIST, -ENOMEM,
 * -EINVAL: not below pid_max. */
int id_allocate(s32 wanted, s32 *number);
void id_hold(s32 number);        /* one more use: it is a group's or a session's, too */
void id_drop(s32 number);
/* Whom the number names from here on; NULL: nobody. process_find and thread_find look there. */
void id_name_process(s32 number, struct process *p);
void id_name_thread(s32 number, struct thread *t);

/* thread.c, for the other files of the room. */
void thread_bury(struct thread *t);    /* ended; a process's first thread stays known until: */
void thread_forget_first(struct process *p); /* the process is reaped */
void thread_discard(struct thread *t); /* it never ran */
/* execve by another thread: the caller, alone now, takes the process's number as its tid. */
void thread_become_first(struct thread *t);

/* process.c */
struct process *process_allocate(void); /* empty, reference 1, without a number */
void process_enlist(struct process *p); /* it has its numbers: among the processes from here on */
/* Reaped, or it never ran: out of its parent's and everyone's list, numbers back, reference 1 gone. */
void process_unlink(struct process *p);
/* signal_actions.c */
bool signal_actions_create(struct process *p);  /* all default; false: no memory */
