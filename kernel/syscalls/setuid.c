/* SPDX-License-Identifier: BSD-3-Clause */
/* See setuid(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

long sys_setuid(u32 uid)
{
    struct id_set ids = credentials_uids();

    if (uid == ID_KEEP)
        return -EINVAL;
    if (credentials_privileged())
        ids.real = ids.saved = uid;
    else if (uid != ids.real && uid != ids.saved)
        return -EPERM;
    ids.effective = uid;
    credentials_set_uids(ids);
    return 0;
}
