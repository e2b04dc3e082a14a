/* SPDX-License-Identifier: BSD-3-Clause */
/* Resources that threads and processes have used. See getrusage(2). */
#pragma once

#include "abi/linux/resource.h"
#include "task/task.h"

u64 usage_process_ns(const struct process *p); /* CPU time of living and ended threads */
void usage_read(int who, struct linux_rusage *out); /* RUSAGE_*, of the caller */
/* An ended process with all that it waited for, as wait4(2) tells it. */
void usage_of(const struct process *p, struct linux_rusage *out);
void usage_add_child(struct process *parent, const struct process *child);
/* The process leaves its space: what is counted there is kept. */
void usage_leave_space(struct process *p);
