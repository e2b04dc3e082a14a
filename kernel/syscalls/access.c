/* SPDX-License-Identifier: BSD-3-Clause */
/* See access(2): access, faccessat, faccessat2. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

static long check(int directory, struct user_ptr path, int mode, int flags)
{
    char text[PATH_MAX];

    if (mode & ~(R_OK | W_OK | X_OK))
        return -EINVAL;
    if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int error = fetch_path(text, path);
    return error ? error : name_access(directory, text, (u32)mode, (u32)flags);
}

long sys_access(struct user_ptr path, int mode)
{
    return check(AT_FDCWD, path, mode, 0);
}

long sys_faccessat(int dirfd, struct user_ptr path, int mode)
{
    return check(dirfd, path, mode, 0);
}

long sys_faccessat2(int dirfd, struct user_ptr path, int mode, int flags)
{
    return check(dirfd, path, mode, flags);
}
