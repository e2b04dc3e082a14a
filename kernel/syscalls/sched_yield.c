/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_yield(2). */
#include "abi_handlers.h"
#include "task/task.h"

long sys_sched_yield(void)
{
    thread_yield();
    return 0;
}
