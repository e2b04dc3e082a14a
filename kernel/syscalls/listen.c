/* SPDX-License-Identifier: BSD-3-Clause */
/* See listen(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_listen(int fd, int backlog)
{
    struct file *f;
    int error;
    struct socket *s = socket_of(fd, &f, &error);

    if (!s)
        return error;
    u32 places = (u32)min_u64((u32)backlog, LINUX_SOMAXCONN); /* negative: the most */
    error = s->operations->listen ? s->operations->listen(s, places) : -EOPNOTSUPP;
    file_drop(f);
    return error;
}
