/* SPDX-License-Identifier: BSD-3-Clause */
/* See symlink(2). */
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_symlinkat(struct user_ptr target, int newdirfd, struct user_ptr linkpath)
{
    char to[PATH_MAX], text[PATH_MAX];

    int error = fetch_path(to, target);
    if (!error)
        error = fetch_path(text, linkpath);
    return error ? error : name_symlink(to, newdirfd, text);
}

long sys_symlink(struct user_ptr target, struct user_ptr linkpath)
{
    return sys_symlinkat(target, AT_FDCWD, linkpath);
}
