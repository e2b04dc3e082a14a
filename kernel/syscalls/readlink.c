/* SPDX-License-Identifier: BSD-3-Clause */
/* See readlink(2): no NUL is stored, and a small buffer cuts. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

long sys_readlinkat(int dirfd, struct user_ptr path, struct user_ptr buf, int size)
{
    char text[PATH_MAX], target[PATH_MAX];

    if (size <= 0)
        return -EINVAL;
    long length = fetch_path(text, path);
    if (!length)
        length = name_read_link(dirfd, text, target, min_u64((u64)size, sizeof(target)));
    if (length < 0)
        return length;
    int error = copy_to_program(buf, target, (size_t)length);
    return error ? error : length;
}

long sys_readlink(struct user_ptr path, struct user_ptr buf, int size)
{
    return sys_readlinkat(AT_FDCWD, path, buf, size);
}
