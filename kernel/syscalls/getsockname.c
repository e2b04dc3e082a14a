/* SPDX-License-Identifier: BSD-3-Clause */
/* See getsockname(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_getsockname(int fd, struct user_ptr address, struct user_ptr length)
{
    struct socket_address a;
    struct file *f;
    int error;
    struct socket *s = socket_of(fd, &f, &error);

    if (!s)
        return error;
    error = s->operations->name(s, false, &a);
    if (!error)
        error = address_store(&a, address, length);
    file_drop(f);
    return error;
}
