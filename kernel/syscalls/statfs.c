/* SPDX-License-Identifier: BSD-3-Clause */
/* See statfs(2). */
#include "abi/linux/errno.h"
#include "abi/linux/statfs.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_statfs(struct user_ptr path, struct user_ptr buf)
{
    struct linux_statfs out;
    char text[PATH_MAX];

    int error = fetch_path(text, path);
    if (!error)
        error = name_statfs(text, &out);
    return error ? error : copy_to_program(buf, &out, sizeof(out));
}

long sys_fstatfs(int fd, struct user_ptr buf)
{
    struct linux_statfs out;
    struct file *f = descriptor_file_or_path(fd);

    if (!f)
        return -EBADF;
    file_statfs(f, &out);
    file_drop(f);
    return copy_to_program(buf, &out, sizeof(out));
}
