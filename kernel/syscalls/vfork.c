/* SPDX-License-Identifier: BSD-3-Clause */
/* See vfork(2). */
#include "abi/linux/sched.h"
#include "abi/linux/signal.h"
#include "abi_handlers.h"
#include "task/clone.h"

long sys_vfork(struct trap_frame *frame)
{
    struct clone_request request = {.flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD};

    return task_clone(frame, &request);
}
