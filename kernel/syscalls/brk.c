/* SPDX-License-Identifier: BSD-3-Clause */
/* See brk(2): the system call answers the break, libc makes 0 and ENOMEM of it. */
#include "abi_handlers.h"
#include "memory/space.h"
#include "task/task.h"

long sys_brk(u64 end) { return space_brk(current_process()->space, end); }
