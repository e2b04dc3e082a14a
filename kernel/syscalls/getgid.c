/* SPDX-License-Identifier: BSD-3-Clause */
/* See getgid(2). */
#include "abi_handlers.h"
#include "task/task.h"

long sys_getgid(void) { return current_process()->credentials.gid; }
long sys_getegid(void) { return current_process()->credentials.egid; }
