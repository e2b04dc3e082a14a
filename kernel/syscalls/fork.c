/* SPDX-License-Identifier: BSD-3-Clause */
/* See fork(2). */
#include "abi/linux/signal.h"
#include "abi_handlers.h"
#include "task/clone.h"

long sys_fork(struct trap_frame *frame)
{
    struct clone_request request = {.exit_signal = SIGCHLD};

    return task_clone(frame, &request);
}
