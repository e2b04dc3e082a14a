/* SPDX-License-Identifier: BSD-3-Clause */
/* See shmop(2): shmat, shmdt. */
#include "abi_handlers.h"
#include "ipc/ipc.h"

long sys_shmat(int id, u64 address, u32 flags)
{
    return shm_attach(id, address, flags);
}

long sys_shmdt(u64 address)
{
    return shm_detach(address);
}
