/* SPDX-License-Identifier: BSD-3-Clause */
/* See chdir(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_chdir(struct user_ptr path)
{
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    return error ? error : context_chdir(text);
}

long sys_fchdir(int fd)
{
    struct file *f = descriptor_file_or_path(fd);

    if (!f)
        return -EBADF;
    int error = context_fchdir(f);
    file_drop(f);
    return error;
}
