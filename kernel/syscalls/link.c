/* SPDX-License-Identifier: BSD-3-Clause */
/* See link(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_linkat(int olddirfd, struct user_ptr oldpath, int newdirfd, struct user_ptr newpath,
                int flags)
{
    char old[PATH_MAX], text[PATH_MAX];

    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int error = fetch_path(old, oldpath);
    if (!error)
        error = fetch_path(text, newpath);
    return error ? error : name_link(olddirfd, old, newdirfd, text, (u32)flags);
}

long sys_link(struct user_ptr oldpath, struct user_ptr newpath)
{
    return sys_linkat(AT_FDCWD, oldpath, AT_FDCWD, newpath, 0);
}
