/* SPDX-License-Identifier: BSD-3-Clause */
/* Restartable sequences. The kernel's own documentation: rseq; there is no man page. */
#pragma once

#include "memory/user_memory.h"
#include "task/task.h"

/* 0, or as rseq(2) fails: -EINVAL, -EBUSY, -EPERM, -EFAULT. */
int rseq_register(struct thread *t, struct user_ptr area, u32 length, u32 signature);
int rseq_unregister(struct thread *t, struct user_ptr area, u32 length, u32 signature);
/* Another thread ran, or a handler is about to: a sequence in which the program stands is aborted.
 * For the current thread, of which this is the frame. */
void rseq_interrupted(struct trap_frame *frame);
