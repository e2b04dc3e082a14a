/* SPDX-License-Identifier: BSD-3-Clause */
/* See getpriority(2): the raw call returns 20 - nice. */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "task/credentials.h"

#define NICE_MIN (-20)
#define NICE_MAX 19

/* Every process, group or user that can be named today holds the same one process. */
static struct process *named(int which, int who, long *error)
{
    struct process *p = current_process();
    bool own = who == 0;

    *error = -ESRCH;
    switch (which) {
    case PRIO_PROCESS:
        return own ? p : process_find(who);
    case PRIO_PGRP:
        return own || who == p->pgid ? p : NULL;
    case PRIO_USER:
        return own || (u32)who == p->credentials.uid ? p : NULL;
    default:
        *error = -EINVAL;
        return NULL;
    }
}

long sys_getpriority(int which, int who)
{
    long error;
    const struct process *p = named(which, who, &error);

    return p ? 20 - p->nice : error;
}

long sys_setpriority(int which, int who, int nice)
{
    long error;
    struct process *p = named(which, who, &error);

    if (!p)
        return error;
    if (nice < NICE_MIN)
        nice = NICE_MIN;
    if (nice > NICE_MAX)
        nice = NICE_MAX;
    if (nice < p->nice && !credentials_privileged())
        return -EACCES;
    p->nice = nice;
    return 0;
}
