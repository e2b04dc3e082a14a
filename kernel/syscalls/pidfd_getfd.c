/* SPDX-License-Identifier: BSD-3-Clause */
/* See pidfd_getfd(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "syscalls/pidfd_argument.h"
#include "task/credentials.h"

static long take(struct process *p, int target)
{
    if (p->zombie || !p->descriptors)
        return -ESRCH;
    if (!credentials_match(p) || (!p->dumpable && !credentials_privileged()))
        return -EPERM;
    struct file *f = descriptor_of(p->descriptors, target);
    return f ? descriptor_install(f, 0, true) : -EBADF;
}

long sys_pidfd_getfd(int pidfd, int target, u32 flags)
{
    struct file *f;
    struct process *p;

    if (flags)
        return -EINVAL;
    long result = pidfd_argument(pidfd, &f, &p);
    if (result)
        return result;
    result = take(p, target);
    file_drop(f);
    return result;
}
