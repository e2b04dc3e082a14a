/* SPDX-License-Identifier: BSD-3-Clause */
/* The interval timers of setitimer(2), on the current process. Times in ns, 0: off. */
#pragma once

#include "task/task.h"

enum interval_kind { INTERVAL_REAL, INTERVAL_VIRTUAL, INTERVAL_PROF, INTERVAL_KINDS };

struct interval {
    u64 left_ns, repeat_ns;
};

struct interval interval_get(enum interval_kind kind);
struct interval interval_set(enum interval_kind kind, struct interval value); /* the old one */

/* For a process that begins, that ends, and one that has taken a SIGALRM. */
void intervals_init(struct process *p);
void intervals_drop(struct process *p);
void interval_signal_taken(struct process *p);
