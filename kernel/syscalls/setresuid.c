/* SPDX-License-Identifier: BSD-3-Clause */
/* See setresuid(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

long sys_setresuid(u32 real, u32 effective, u32 saved)
{
    struct id_set ids = credentials_uids();
    int error = id_set_replace(&ids, real, effective, saved);

    if (!error)
        credentials_set_uids(ids);
    return error;
}

long sys_setresgid(u32 real, u32 effective, u32 saved)
{
    struct id_set ids = credentials_gids();
    int error = id_set_replace(&ids, real, effective, saved);

    if (!error)
        credentials_set_gids(ids);
    return error;
}
