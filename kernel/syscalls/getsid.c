/* SPDX-License-Identifier: BSD-3-Clause */
/* See getsid(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

long sys_getsid(int pid)
{
    const struct process *p = pid ? process_find(pid) : current_process();
    return p ? p->sid : -ESRCH;
}
