/* SPDX-License-Identifier: BSD-3-Clause */
/* See accept(2): accept, accept4. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "net/socket.h"

/* As Linux: a connection whose address cannot be stored is lost. */
static int store_peer(struct socket *s, struct user_ptr address, struct user_ptr length)
{
    struct socket_address a;
    if (user_is_null(address))
        return 0;
    if (s->operations->name(s, true, &a))
        return -ECONNABORTED;
    return address_store(&a, address, length);
}

static long accept_one(struct file *listener, struct socket *s, struct user_ptr address,
                       struct user_ptr length, u32 flags)
{
    struct socket *fresh;
    int error = s->operations->accept
                    ? s->operations->accept(s, !(listener->flags & O_NONBLOCK), &fresh)
                    : -EOPNOTSUPP;
    if (error)
        return error;
    struct file *f = socket_file(fresh, flags);
    if (!f)
        return -ENOMEM;
    error = store_peer(fresh, address, length);
    if (error) {
        file_drop(f);
        return error;
    }
    return descriptor_install(f, 0, flags & SOCK_CLOEXEC);
}

long sys_accept4(int fd, struct user_ptr address, struct user_ptr length, int flags)
{
    struct file *f;
    int error;

    if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
        return -EINVAL;
    struct socket *s = socket_of(fd, &f, &error);
    if (!s)
        return error;
    long result = descriptor_room();
    if (!result)
        result = accept_one(f, s, address, length, (u32)flags);
    file_drop(f);
    return result;
}

long sys_accept(int fd, struct user_ptr address, struct user_ptr length)
{
    return sys_accept4(fd, address, length, 0);
}
