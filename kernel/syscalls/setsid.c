/* SPDX-License-Identifier: BSD-3-Clause */
/* See setsid(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

long sys_setsid(void)
{
    struct process *p = current_process();

    if (p->pgid == p->pid)
        return -EPERM;
    p->pgid = p->sid = p->pid;
    return p->pid;
}
