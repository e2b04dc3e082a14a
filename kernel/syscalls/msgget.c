/* SPDX-License-Identifier: BSD-3-Clause */
/* See msgget(2). */
#include "abi_handlers.h"
#include "ipc/ipc.h"

long sys_msgget(int key, u32 flags)
{
    return msg_get(key, flags);
}
