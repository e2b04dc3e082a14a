/* SPDX-License-Identifier: BSD-3-Clause */
/* See set_tid_address(2). */
#include "abi_handlers.h"
#include "task/task.h"

long sys_set_tid_address(struct user_ptr tid)
{
    current_thread()->clear_child_tid = tid.address;
    return current_thread()->tid;
}
