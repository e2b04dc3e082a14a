/* SPDX-License-Identifier: BSD-3-Clause */
/* See exit_group(2). */
#include "abi_handlers.h"
#include "task/task.h"

long sys_exit_group(int status)
{
    process_exit((status & 0xff) << 8);
}
