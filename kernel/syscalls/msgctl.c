/* SPDX-License-Identifier: BSD-3-Clause */
/* See msgctl(2). */
#include "abi_handlers.h"
#include "ipc/ipc.h"

long sys_msgctl(int id, int command, struct user_ptr buf)
{
    return msg_control(id, command, buf);
}
