/* SPDX-License-Identifier: BSD-3-Clause */
/* See getsockopt(2): getsockopt, setsockopt. The options are in net/options.c. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_setsockopt(int fd, int level, int name, struct user_ptr value, u32 length)
{
    struct file *f;
    int error;

    if ((s32)length < 0)
        return -EINVAL;
    struct socket *s = socket_of(fd, &f, &error);
    if (!s)
        return error;
    error = socket_set_option(s, level, name, value, (s32)length);
    file_drop(f);
    return error;
}

long sys_getsockopt(int fd, int level, int name, struct user_ptr value, struct user_ptr length)
{
    struct file *f;
    int error;
    struct socket *s = socket_of(fd, &f, &error);

    if (!s)
        return error;
    error = socket_get_option(s, level, name, value, length);
    file_drop(f);
    return error;
}
