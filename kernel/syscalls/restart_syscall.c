/* SPDX-License-Identifier: BSD-3-Clause */
/* See restart_syscall(2): goes on with a sleep or poll that a stop signal interrupted. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

long sys_restart_syscall(void)
{
    struct restart_block *b = &current_thread()->restart;
    return b->again ? b->again(b) : -EINTR;
}
