/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigreturn(2). */
#include "abi_handlers.h"
#include "task/task.h"

long sys_rt_sigreturn(struct trap_frame *frame)
{
    return signal_return(frame);
}
