/* SPDX-License-Identifier: BSD-3-Clause */
/* Program time structures to nanoseconds and back. */
#pragma once

#include "memory/user_memory.h"

/* -EFAULT, or -EINVAL for negative seconds and a fraction out of range. Too far: UINT64_MAX / 2. */
int load_timespec(u64 *ns, struct user_ptr from);
int load_timeval(u64 *ns, struct user_ptr from);
int load_any_timeval(u64 *ns, struct user_ptr from); /* select's: microseconds carry over */
int store_timespec(struct user_ptr to, u64 ns);
int store_timeval(struct user_ptr to, u64 ns);
/* Both times are looked at before either is refused. -EFAULT, -EINVAL */
int load_itimerspec(u64 *interval_ns, u64 *value_ns, struct user_ptr from);
int store_itimerspec(struct user_ptr to, u64 interval_ns, u64 value_ns);
