/* SPDX-License-Identifier: BSD-3-Clause */
/* See unlink(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_unlinkat(int dirfd, struct user_ptr path, int flags)
{
    char text[PATH_MAX];

    if (flags & ~AT_REMOVEDIR)
        return -EINVAL;
    int error = fetch_path(text, path);
    return error ? error : name_remove(dirfd, text, flags & AT_REMOVEDIR);
}

long sys_unlink(struct user_ptr path)
{
    return sys_unlinkat(AT_FDCWD, path, 0);
}
