/* SPDX-License-Identifier: BSD-3-Clause */
/* See chown(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

static long change(int directory, struct user_ptr path, u32 owner, u32 group, u32 flags)
{
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    return error ? error : name_change_owner(directory, text, owner, group, flags);
}

long sys_chown(struct user_ptr path, u32 owner, u32 group)
{
    return change(AT_FDCWD, path, owner, group, 0);
}

long sys_lchown(struct user_ptr path, u32 owner, u32 group)
{
    return change(AT_FDCWD, path, owner, group, AT_SYMLINK_NOFOLLOW);
}

long sys_fchownat(int dirfd, struct user_ptr path, u32 owner, u32 group, int flags)
{
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change(dirfd, path, owner, group, (u32)flags);
}

long sys_fchown(int fd, u32 owner, u32 group)
{
    struct file *f = descriptor_file(fd);

    if (!f)
        return -EBADF;
    int error = f->flags & O_PATH ? -EBADF : file_change_owner(f, owner, group);
    file_drop(f);
    return error;
}
