/* SPDX-License-Identifier: BSD-3-Clause */
/* The clocks that count CPU time: CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, and the ids
 * that clock_getcpuclockid(3) and pthread_getcpuclockid(3) make. */
#pragma once

#include "task/task.h"

/* -EINVAL: not such a clock, or of a process or thread that is not there. */
int cpu_clock_read(int clock_id, u64 *ns);
/* One thread's clock rather than a process's. */
bool cpu_clock_is_of_thread(int clock_id);
/* Whose CPU time it counts: of a process, or of its thread tid (0: all). -EINVAL: as above. */
int cpu_clock_target(int clock_id, struct process **process, s32 *tid);
