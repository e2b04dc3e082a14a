/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping for a time: nanosleep(2), clock_nanosleep(2). */
#pragma once

#include "memory/user_memory.h"

/* Until a monotonic time; a signal ends it. `remaining` (may be null) gets what was left, and the
 * call restarts through restart_syscall. 0 or -ERESTART_BLOCK, -EFAULT. */
long sleep_for(u64 duration_ns, struct user_ptr remaining);
/* 0 or -ERESTARTNOHAND */
long sleep_until(u64 deadline_ns);
