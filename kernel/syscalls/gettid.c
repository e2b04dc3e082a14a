/* SPDX-License-Identifier: BSD-3-Clause */
/* See gettid(2). */
#include "abi_handlers.h"
#include "task/task.h"

long sys_gettid(void) { return current_thread()->tid; }
