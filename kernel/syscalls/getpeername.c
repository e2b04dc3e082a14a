/* SPDX-License-Identifier: BSD-3-Clause */
/* See getpeername(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_getpeername(int fd, struct user_ptr address, struct user_ptr length)
{
    struct socket_address a;
    struct file *f;
    int error;
    struct socket *s = socket_of(fd, &f, &error);

    if (!s)
        return error;
    error = s->operations->name(s, true, &a);
    if (!error)
        error = address_store(&a, address, length);
    file_drop(f);
    return error;
}
