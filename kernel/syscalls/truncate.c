/* SPDX-License-Identifier: BSD-3-Clause */
/* See truncate(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_truncate(struct user_ptr path, s64 length)
{
    char text[PATH_MAX];

    if (length < 0)
        return -EINVAL;
    int error = fetch_path(text, path);
    return error ? error : name_truncate(text, (u64)length);
}

long sys_ftruncate(int fd, s64 length)
{
    if (length < 0)
        return -EINVAL;
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    int error = file_truncate(f, (u64)length);
    file_drop(f);
    return error;
}
