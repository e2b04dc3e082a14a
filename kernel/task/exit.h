/* SPDX-License-Identifier: BSD-3-Clause */
/* How lives end, and what parents hear of it: inside task/, and for execve and wait. */
#pragma once

#include "abi/linux/resource.h"
#include "task/task.h"

/* fork.c: through the hooks of files/. */
void process_drop_files(struct process *p);
/* exit.c: all its threads end as soon as they can; the first status given counts. Returns, also to
 * a thread of the process itself. */
void process_kill(struct process *p, int wait_status);

/* Ends all other threads; the caller becomes the leader, with its tid (execve). -EAGAIN: it must
 * end itself. */
int process_become_single(void);

/* report.c */
void report_end(struct process *p);  /* a zombie from here on; it may be reaped at once */
void report_stop(struct process *p, int signal);  /* the whole process has stopped */
void report_continue(struct process *p);
void report_orphan(struct process *child, struct process *old_parent); /* has a new parent */
bool group_is_orphaned(s32 pgid, s32 sid); /* nobody is left who could continue its members */
void report_thread_end(struct thread *t); /* others of its process go on */
void report_leaving(struct process *p); /* its group may be orphaned by that */
/* A status in wait(2)'s form as siginfo's si_code and si_status. */
void report_exit_code(int wait_status, int *code, int *status);

/* child.c */
struct child_request {
    int id_type;                 /* P_ALL, P_PID, P_PGID */
    s32 id;
    u32 options;                 /* W* of waitid(2) */
};
struct child_report {
    s32 pid;                     /* 0: WNOHANG, and nothing to tell */
    u32 uid;
    int code, status;            /* CLD_*, si_status */
    int wait_status;             /* the same in wait(2)'s form */
    struct linux_rusage usage;
};
/* 0, -ECHILD, -ERESTARTSYS. */
long child_wait(const struct child_request *request, struct child_report *report);
