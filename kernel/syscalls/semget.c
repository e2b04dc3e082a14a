/* SPDX-License-Identifier: BSD-3-Clause */
/* See semget(2). */
#include "abi_handlers.h"
#include "ipc/ipc.h"

long sys_semget(int key, int count, u32 flags)
{
    return sem_get(key, count, flags);
}
