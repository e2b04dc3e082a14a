/* SPDX-License-Identifier: BSD-3-Clause */
/* See rename(2): rename, renameat, renameat2. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

static long rename_at(int from, struct user_ptr old, int to, struct user_ptr path, u32 flags)
{
    char old_text[PATH_MAX], text[PATH_MAX];

    if (flags & ~(u32)(RENAME_NOREPLACE | RENAME_EXCHANGE)) /* whiteouts: see abi/coverage */
        return -EINVAL;
    if ((flags & RENAME_EXCHANGE) && (flags & RENAME_NOREPLACE))
        return -EINVAL;
    int error = fetch_path(old_text, old);
    if (!error)
        error = fetch_path(text, path);
    return error ? error : name_rename(from, old_text, to, text, flags);
}

long sys_rename(struct user_ptr oldpath, struct user_ptr newpath)
{
    return rename_at(AT_FDCWD, oldpath, AT_FDCWD, newpath, 0);
}

long sys_renameat(int olddirfd, struct user_ptr oldpath, int newdirfd, struct user_ptr newpath)
{
    return rename_at(olddirfd, oldpath, newdirfd, newpath, 0);
}

long sys_renameat2(int olddirfd, struct user_ptr oldpath, int newdirfd, struct user_ptr newpath,
                   u32 flags)
{
    return rename_at(olddirfd, oldpath, newdirfd, newpath, flags);
}
