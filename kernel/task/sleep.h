/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping for a time: nanosleep(2), clock_nanosleep(2). */
#pragma once

#include "memory/user_memory.h"

/* What is slept on: time, or the CPU time of the caller's process. */
enum sleep_clock { SLEEP_ON_TIME, SLEEP_ON_CPU_TIME };

/* A signal ends it: `remaining` (may be null) gets what was left, and the call restarts through
 * restart_syscall. 0 or -ERESTART_RESTARTBLOCK, -EFAULT. */
long sleep_for(enum sleep_clock clock, u64 duration_ns, struct user_ptr remaining);
/* The deadline is in monotonic time or in CPU time. 0 or -ERESTARTNOHAND */
long sleep_until(enum sleep_clock clock, u64 deadline_ns);
