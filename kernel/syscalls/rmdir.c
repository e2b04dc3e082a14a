/* SPDX-License-Identifier: BSD-3-Clause */
/* See rmdir(2). */
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_rmdir(struct user_ptr path)
{
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    return error ? error : name_remove(AT_FDCWD, text, true);
}
