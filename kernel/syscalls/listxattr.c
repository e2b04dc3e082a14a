/* SPDX-License-Identifier: BSD-3-Clause */
/* See listxattr(2). */
#include "abi_handlers.h"
#include "syscalls/xattr_argument.h"

long sys_listxattr(struct user_ptr path, unused_arg struct user_ptr list, unused_arg u64 size)
{
    return xattr_find(path, 0);
}

long sys_llistxattr(struct user_ptr path, unused_arg struct user_ptr list, unused_arg u64 size)
{
    return xattr_find(path, AT_SYMLINK_NOFOLLOW);
}

long sys_flistxattr(int fd, unused_arg struct user_ptr list, unused_arg u64 size)
{
    return xattr_find_descriptor(fd);
}
