/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New threads, in this process or in a new one. See clone(2).
 */
#pragma once

#include "memory/user_memory.h"
#include "task/task.h"

struct clone_request {
    u64 flags;                   /* CLONE_*, without the signal in the low byte */
    u64 stack;                   /* the child's sp; 0: as the parent's */
    u64 tls;                     /* CLONE_SETTLS */
    struct user_ptr parent_tid, child_tid, pidfd;
    int exit_signal;             /* to the parent of a new process; 0: none */
    s32 wanted_id;               /* clone3's set_tid; 0: any */
};

/* The child's tid, or -errno as clone(2). With CLONE_VFORK it returns when the child has called
 * execve or ended. */
long task_clone(const struct trap_frame *frame, const struct clone_request *request);

/* fork.c: the new process of a clone without CLONE_THREAD, its space, descriptors, files and signal
 * actions copied or shared as the flags say, its id allocated; without threads. NULL: *error is
 * -errno. */
struct process *process_fork(const struct clone_request *request, int *error);
bool process_may_have_more(const struct process *from); /* threads or processes: RLIMIT_NPROC */
bool process_too_many(const struct process *p); /* its user has more already; root is free of it */
/* Undoes process_fork: the process never had a thread. */
void process_discard(struct process *p);

/* A parent that waits in vfork for this thread goes on: execve has succeeded, or the thread ended. */
void clone_release_parent(struct thread *child);
/* Files: what CLONE_PIDFD does. make gives a descriptor for the child or -errno; undo closes it. */
void task_set_pidfd(long (*make)(struct process *p, struct thread *t), void (*undo)(long fd));
