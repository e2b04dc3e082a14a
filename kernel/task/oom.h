/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside task/ and for procfs: whom a want of memory kills. */
#pragma once

#include "task/task.h"

#define OOM_ADJUSTMENT_MIN (-1000)
#define OOM_ADJUSTMENT_MAX 1000
#define OOM_NEVER INT64_MIN

/* Pages that its end would give back, adjusted; OOM_NEVER: it is not killed for that. */
s64 oom_points(const struct process *p);
/* Kills the one with most. true: the caller goes on, there is memory; false: the caller's process
 * ends. */
bool oom_make_room(void);
/* Kernel memory for what cannot be refused. NULL: the caller's process ends. */
void *oom_heap_zeroed(size_t n);
