/* SPDX-License-Identifier: BSD-3-Clause */
/* See socketpair(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "net/socket.h"

static int make_files(struct socket *pair[2], u32 flags, struct file *files[2])
{
    files[0] = socket_file(pair[0], flags);
    files[1] = socket_file(pair[1], flags);
    if (files[0] && files[1])
        return 0;
    file_drop(files[0]);
    file_drop(files[1]);
    return -ENOMEM;
}

long sys_socketpair(int domain, int type, int protocol, struct user_ptr fds)
{
    struct socket *pair[2];
    struct file *files[2];
    s32 numbers[2] = {-1, -1};
    u32 flags = (u32)type & ~(u32)LINUX_SOCK_TYPE_MASK;

    if (flags & ~(u32)(SOCK_CLOEXEC | SOCK_NONBLOCK))
        return -EINVAL;
    if (copy_to_program(fds, numbers, sizeof(numbers))) /* Linux too looks at it first */
        return -EFAULT;
    int error = socket_pair(domain, (u32)type & LINUX_SOCK_TYPE_MASK, protocol, pair);
    if (!error)
        error = make_files(pair, flags, files);
    if (error)
        return error;
    numbers[0] = descriptor_install(files[0], 0, flags & SOCK_CLOEXEC);
    if (numbers[0] < 0) {
        file_drop(files[1]);
        return numbers[0];
    }
    numbers[1] = descriptor_install(files[1], 0, flags & SOCK_CLOEXEC);
    if (numbers[1] >= 0 && !copy_to_program(fds, numbers, sizeof(numbers)))
        return 0;
    descriptor_close(numbers[0]);
    if (numbers[1] < 0)
        return numbers[1];
    descriptor_close(numbers[1]);
    return -EFAULT;
}
