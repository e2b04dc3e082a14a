/* SPDX-License-Identifier: BSD-3-Clause */
/* See mkdir(2). */
#include "abi/linux/fcntl.h"
#include "abi/linux/stat.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_mkdirat(int dirfd, struct user_ptr path, u32 mode)
{
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    return error ? error : name_make(dirfd, text, S_IFDIR | (mode & 07777), 0);
}

long sys_mkdir(struct user_ptr path, u32 mode)
{
    return sys_mkdirat(AT_FDCWD, path, mode);
}
