/* SPDX-License-Identifier: BSD-3-Clause */
/* See epoll_create(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/epoll.h"

long sys_epoll_create1(int flags)
{
    struct file *f;

    if (flags & ~EPOLL_CLOEXEC)
        return -EINVAL;
    int error = epoll_open(&f);
    return error ? error : descriptor_install(f, 0, flags & EPOLL_CLOEXEC);
}

long sys_epoll_create(int size)
{
    return size <= 0 ? -EINVAL : sys_epoll_create1(0);
}
