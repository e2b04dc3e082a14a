/* SPDX-License-Identifier: BSD-3-Clause */
/* See pause(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

long sys_pause(void)
{
    while (thread_sleep(NO_DEADLINE, true) != SLEEP_INTERRUPTED)
        continue;
    return -ERESTARTNOHAND;
}
