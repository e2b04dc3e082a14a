/* SPDX-License-Identifier: BSD-3-Clause */
/* See inotify_init(2): inotify_init, inotify_init1. */
#include "abi/linux/errno.h"
#include "abi/linux/inotify.h"
#include "abi_handlers.h"
#include "files/inotify.h"

long sys_inotify_init1(int flags)
{
    struct file *f;

    if (flags & ~(IN_CLOEXEC | IN_NONBLOCK))
        return -EINVAL;
    int error = inotify_open((u32)flags, &f);
    return error ? error : descriptor_install(f, 0, flags & IN_CLOEXEC);
}

long sys_inotify_init(void)
{
    return sys_inotify_init1(0);
}
