/* SPDX-License-Identifier: BSD-3-Clause */
/* See msgop(2): msgsnd, msgrcv. */
#include "abi_handlers.h"
#include "ipc/ipc.h"

long sys_msgsnd(int id, struct user_ptr message, u64 size, u32 flags)
{
    return msg_send(id, message, size, flags);
}

long sys_msgrcv(int id, struct user_ptr message, u64 size, long type, u32 flags)
{
    return msg_receive(id, message, size, type, flags);
}
