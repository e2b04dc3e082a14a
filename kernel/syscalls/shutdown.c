/* SPDX-License-Identifier: BSD-3-Clause */
/* See shutdown(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_shutdown(int fd, int how)
{
    struct file *f;
    int error;
    struct socket *s = socket_of(fd, &f, &error);

    if (!s)
        return error;
    if (how < SHUT_RD || how > SHUT_RDWR)
        error = -EINVAL;
    else
        error = s->operations->shutdown ? s->operations->shutdown(s, (u32)how + 1) : -EOPNOTSUPP;
    file_drop(f);
    return error;
}
