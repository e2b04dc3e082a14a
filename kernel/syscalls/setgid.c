/* SPDX-License-Identifier: BSD-3-Clause */
/* See setgid(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

long sys_setgid(u32 gid)
{
    struct id_set ids = credentials_gids();

    if (gid == ID_KEEP)
        return -EINVAL;
    if (credentials_privileged())
        ids.real = ids.saved = gid;
    else if (gid != ids.real && gid != ids.saved)
        return -EPERM;
    ids.effective = gid;
    credentials_set_gids(ids);
    return 0;
}
