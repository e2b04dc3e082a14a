/* SPDX-License-Identifier: BSD-3-Clause */
/* See removexattr(2). */
#include "abi_handlers.h"
#include "syscalls/xattr_argument.h"

static long remove_attribute(int found, struct user_ptr name)
{
    int absent = xattr_absent(name);

    return absent == -ENODATA || absent == -EOPNOTSUPP ? (found ? found : absent) : absent;
}

long sys_removexattr(struct user_ptr path, struct user_ptr name)
{
    return remove_attribute(xattr_find(path, 0), name);
}

long sys_lremovexattr(struct user_ptr path, struct user_ptr name)
{
    return remove_attribute(xattr_find(path, AT_SYMLINK_NOFOLLOW), name);
}

long sys_fremovexattr(int fd, struct user_ptr name)
{
    return remove_attribute(xattr_find_descriptor(fd), name);
}
