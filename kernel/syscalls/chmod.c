/* SPDX-License-Identifier: BSD-3-Clause */
/* See chmod(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

static long change(int directory, struct user_ptr path, u32 mode, u32 flags)
{
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    return error ? error : name_change_mode(directory, text, mode & 07777, flags);
}

long sys_chmod(struct user_ptr path, u32 mode)
{
    return change(AT_FDCWD, path, mode, 0);
}

long sys_fchmodat(int dirfd, struct user_ptr path, u32 mode)
{
    return change(dirfd, path, mode, 0);
}

long sys_fchmodat2(int dirfd, struct user_ptr path, u32 mode, int flags)
{
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change(dirfd, path, mode, (u32)flags);
}

long sys_fchmod(int fd, u32 mode)
{
    struct file *f = descriptor_file(fd);

    if (!f)
        return -EBADF;
    int error = f->flags & O_PATH ? -EBADF : file_change_mode(f, mode & 07777);
    file_drop(f);
    return error;
}
