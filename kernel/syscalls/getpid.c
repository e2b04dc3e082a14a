/* SPDX-License-Identifier: BSD-3-Clause */
/* See getpid(2). */
#include "abi_handlers.h"
#include "task/task.h"

long sys_getpid(void) { return current_process()->pid; }

long sys_getppid(void)
{
    const struct process *parent = current_process()->parent;
    return parent ? parent->pid : 0;
}
