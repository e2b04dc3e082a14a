/* SPDX-License-Identifier: BSD-3-Clause */
/* See chroot(2). */
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_chroot(struct user_ptr path)
{
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    return error ? error : context_chroot(text);
}
