/* SPDX-License-Identifier: BSD-3-Clause */
/* See setfsgid(2): the old id is returned whether or not the new one was taken. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

long sys_setfsgid(u32 gid)
{
    struct credentials *c = &current_process()->credentials;
    u32 old = c->fsgid;

    if (gid != ID_KEEP && (credentials_privileged() || gid == c->gid || gid == c->egid ||
                           gid == c->sgid || gid == c->fsgid))
        c->fsgid = gid;
    return old;
}
