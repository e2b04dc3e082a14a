/* SPDX-License-Identifier: BSD-3-Clause */
/* See pidfd_open(2). */
#include "abi/linux/errno.h"
#include "abi/linux/pidfd.h"
#include "abi_handlers.h"
#include "files/pidfd.h"

long sys_pidfd_open(int pid, u32 flags)
{
    struct file *f;

    if (flags & ~(u32)PIDFD_NONBLOCK || pid <= 0)
        return -EINVAL;
    struct process *p = process_find(pid);
    if (!p)
        return thread_find(pid) ? -EINVAL : -ESRCH;
    int error = pidfd_create(p, flags, &f);
    return error ? error : descriptor_install(f, 0, true);
}
