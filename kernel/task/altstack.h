/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread's alternate signal stack. See sigaltstack(2). */
#pragma once

#include "task/task.h"

/* Whether sp lies on the stack, and the stack is not one that disarms itself. */
bool altstack_holds(const struct thread *t, u64 sp);
/* Its state as sigaltstack(2) tells it, for a program whose sp this is. */
struct linux_stack altstack_state(const struct thread *t, u64 sp);
/* 0, -EPERM: sp is on it, -EINVAL, -ENOMEM: too small. */
int altstack_set(struct thread *t, const struct linux_stack *wanted, u64 sp);
