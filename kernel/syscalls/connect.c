/* SPDX-License-Identifier: BSD-3-Clause */
/* See connect(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_connect(int fd, struct user_ptr address, u32 length)
{
    struct socket_address a;
    struct file *f;
    int error;
    struct socket *s = socket_of(fd, &f, &error);

    if (!s)
        return error;
    error = address_load(&a, address, (s32)length);
    if (!error)
        error = s->operations->connect
                    ? s->operations->connect(s, &a, !(f->flags & O_NONBLOCK)) : -EOPNOTSUPP;
    file_drop(f);
    return error;
}
