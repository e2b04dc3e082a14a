/* SPDX-License-Identifier: BSD-3-Clause */
/* See shmget(2). */
#include "abi_handlers.h"
#include "ipc/ipc.h"

long sys_shmget(int key, u64 size, u32 flags)
{
    return shm_get(key, size, flags);
}
