/* SPDX-License-Identifier: BSD-3-Clause */
/* See _exit(2): the raw call ends the calling thread only. */
#include "abi_handlers.h"
#include "task/task.h"

long sys_exit(int status)
{
    thread_exit(status);
}
