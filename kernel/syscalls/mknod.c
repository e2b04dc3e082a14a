/* SPDX-License-Identifier: BSD-3-Clause */
/* See mknod(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/stat.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_mknodat(int dirfd, struct user_ptr path, u32 mode, u32 dev)
{
    char text[PATH_MAX];

    switch (mode & S_IFMT) {
    case 0:
        mode |= S_IFREG;
        break;
    case S_IFREG:
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
    case S_IFSOCK:
        break;
    case S_IFDIR:
        return -EPERM;
    default:
        return -EINVAL;
    }
    int error = fetch_path(text, path);
    return error ? error : name_make(dirfd, text, mode, dev);
}

long sys_mknod(struct user_ptr path, u32 mode, u32 dev)
{
    return sys_mknodat(AT_FDCWD, path, mode, dev);
}
