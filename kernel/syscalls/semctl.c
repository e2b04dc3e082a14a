/* SPDX-License-Identifier: BSD-3-Clause */
/* See semctl(2). */
#include "abi_handlers.h"
#include "ipc/ipc.h"

long sys_semctl(int id, int number, int command, u64 argument)
{
    return sem_control(id, number, command, argument);
}
