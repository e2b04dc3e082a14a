/* SPDX-License-Identifier: BSD-3-Clause */
/* See getuid(2). */
#include "abi_handlers.h"
#include "task/task.h"

long sys_getuid(void) { return current_process()->credentials.uid; }
long sys_geteuid(void) { return current_process()->credentials.euid; }
