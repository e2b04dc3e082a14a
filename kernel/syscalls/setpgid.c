/* SPDX-License-Identifier: BSD-3-Clause */
/* See setpgid(2). Every process that exists leads its own session and group until fork comes. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

static struct process *named(int pid)
{
    return pid ? process_find(pid) : current_process();
}

long sys_getpgid(int pid)
{
    const struct process *p = named(pid);
    return p ? p->pgid : -ESRCH;
}

long sys_getpgrp(void) { return current_process()->pgid; }

long sys_setpgid(int pid, int pgid)
{
    struct process *p = named(pid);

    if (pgid < 0)
        return -EINVAL;
    if (!p || (p != current_process() && p->parent != current_process()))
        return -ESRCH;
    if (p->sid == p->pid) /* a session leader stays where it is */
        return -EPERM;
    if (pgid == 0)
        pgid = p->pid;
    p->pgid = pgid;
    return 0;
}
