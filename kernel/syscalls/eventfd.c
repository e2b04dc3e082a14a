/* SPDX-License-Identifier: BSD-3-Clause */
/* See eventfd(2). */
#include "abi/linux/epoll.h"
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/events.h"
#include "files/file.h"

long sys_eventfd2(u32 initial, int flags)
{
    struct file *f;

    if (flags & ~(EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC))
        return -EINVAL;
    int error = eventfd_open(initial, (u32)flags, &f);
    return error ? error : descriptor_install(f, 0, flags & EFD_CLOEXEC);
}

long sys_eventfd(u32 initial)
{
    return sys_eventfd2(initial, 0);
}
