/* SPDX-License-Identifier: BSD-3-Clause */
/* See setfsuid(2): the old id is returned whether or not the new one was taken. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "task/credentials.h"

long sys_setfsuid(u32 uid)
{
    struct credentials *c = &current_process()->credentials;
    u32 old = c->fsuid;

    if (uid != ID_KEEP && (credentials_privileged() || uid == c->uid || uid == c->euid ||
                           uid == c->suid || uid == c->fsuid))
        c->fsuid = uid;
    return old;
}
