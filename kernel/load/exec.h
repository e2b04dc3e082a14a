/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside load/: what execve(2) changes in a process besides its space. */
#pragma once

#include "lib/types.h"

struct file;
struct process;
struct signal_actions;
struct descriptor_table;

/* What must be allocated before the old program is given up. */
struct exec_change {
    struct file *program;        /* held */
    char command[16];
    struct signal_actions *actions;       /* NULL: the process has its own */
    struct descriptor_table *descriptors; /* NULL: the process has its own */
};

/* 0 or -ENOMEM; then nothing is to be undone. */
int exec_prepare(struct exec_change *c, struct process *p, const char *path, struct file *program);
void exec_cancel(struct exec_change *c);
/* In the old space, by its only thread: whoever waits for the old program's memory goes on. */
void exec_leave_program(struct process *p);
/* Nothing here fails. */
void exec_commit(struct exec_change *c, struct process *p);
