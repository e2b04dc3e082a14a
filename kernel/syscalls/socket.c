/* SPDX-License-Identifier: BSD-3-Clause */
/* See socket(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_socket(int domain, int type, int protocol)
{
    struct socket *s;
    u32 flags = (u32)type & ~(u32)LINUX_SOCK_TYPE_MASK;

    if (flags & ~(u32)(SOCK_CLOEXEC | SOCK_NONBLOCK))
        return -EINVAL;
    int error = socket_create(domain, (u32)type & LINUX_SOCK_TYPE_MASK, protocol, &s);
    if (error)
        return error;
    struct file *f = socket_file(s, flags);
    return f ? descriptor_install(f, 0, flags & SOCK_CLOEXEC) : -ENOMEM;
}
