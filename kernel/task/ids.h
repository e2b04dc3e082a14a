/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside task/: process and thread numbers, and what thread.c does for exit.c. */
#pragma once

#include "task/task.h"

s32 id_allocate(void); /* process.c */
void thread_bury(struct thread *t);
void thread_discard(struct thread *t); /* it never ran */
