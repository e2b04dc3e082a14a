/* SPDX-License-Identifier: BSD-3-Clause */
/* See dup(2): dup, dup2, dup3. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/file.h"

long sys_dup(int oldfd)
{
    struct file *f = descriptor_file_or_path(oldfd);

    return f ? descriptor_install(f, 0, false) : -EBADF;
}

long sys_dup2(int oldfd, int newfd)
{
    struct file *f = descriptor_file_or_path(oldfd);

    if (!f)
        return -EBADF;
    if (oldfd == newfd) {
        file_drop(f);
        return newfd;
    }
    return descriptor_install_at(f, newfd, false);
}

long sys_dup3(int oldfd, int newfd, int flags)
{
    if ((flags & ~O_CLOEXEC) || oldfd == newfd)
        return -EINVAL;
    struct file *f = descriptor_file_or_path(oldfd);
    return f ? descriptor_install_at(f, newfd, flags & O_CLOEXEC) : -EBADF;
}
