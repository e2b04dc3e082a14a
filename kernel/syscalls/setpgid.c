/* SPDX-License-Identifier: BSD-3-Clause */
/* See setpgid(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/group.h"

long sys_getpgid(int pid)
{
    const struct process *p = pid ? process_find(pid) : current_process();
    return p ? p->pgid : -ESRCH;
}

long sys_getpgrp(void) { return current_process()->pgid; }

long sys_setpgid(int pid, int pgid) { return group_set(pid, pgid); }
