/* SPDX-License-Identifier: BSD-3-Clause */
/* See getxattr(2). */
#include "abi_handlers.h"
#include "syscalls/xattr_argument.h"

static long get(int found, struct user_ptr name)
{
    int absent = xattr_absent(name);

    return absent == -ENODATA || absent == -EOPNOTSUPP ? (found ? found : absent) : absent;
}

long sys_getxattr(struct user_ptr path, struct user_ptr name, unused_arg struct user_ptr value,
                  unused_arg u64 size)
{
    return get(xattr_find(path, 0), name);
}

long sys_lgetxattr(struct user_ptr path, struct user_ptr name, unused_arg struct user_ptr value,
                   unused_arg u64 size)
{
    return get(xattr_find(path, AT_SYMLINK_NOFOLLOW), name);
}

long sys_fgetxattr(int fd, struct user_ptr name, unused_arg struct user_ptr value,
                   unused_arg u64 size)
{
    return get(xattr_find_descriptor(fd), name);
}
