/* SPDX-License-Identifier: BSD-3-Clause */
/* See setreuid(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

long sys_setreuid(u32 real, u32 effective)
{
    struct id_set ids = credentials_uids();
    int error = id_set_reassign(&ids, real, effective);

    if (!error)
        credentials_set_uids(ids);
    return error;
}

long sys_setregid(u32 real, u32 effective)
{
    struct id_set ids = credentials_gids();
    int error = id_set_reassign(&ids, real, effective);

    if (!error)
        credentials_set_gids(ids);
    return error;
}
