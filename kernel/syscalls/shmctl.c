/* SPDX-License-Identifier: BSD-3-Clause */
/* See shmctl(2). */
#include "abi_handlers.h"
#include "ipc/ipc.h"

long sys_shmctl(int id, int command, struct user_ptr buf)
{
    return shm_control(id, command, buf);
}
