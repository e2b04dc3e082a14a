/* SPDX-License-Identifier: BSD-3-Clause */
/* See setxattr(2). */
#include "abi_handlers.h"
#include "syscalls/xattr_argument.h"

/* Attributes cannot be kept: refused as a file system without them refuses. */
static long set(int found, struct user_ptr name, u64 size, int flags)
{
    int absent = xattr_absent(name);

    if (flags & ~(XATTR_CREATE | XATTR_REPLACE))
        return -EINVAL;
    if (absent != -ENODATA && absent != -EOPNOTSUPP)
        return absent;
    if (size > XATTR_SIZE_MAX)
        return -E2BIG;
    return found ? found : -EOPNOTSUPP;
}

long sys_setxattr(struct user_ptr path, struct user_ptr name, unused_arg struct user_ptr value,
                  u64 size, int flags)
{
    return set(xattr_find(path, 0), name, size, flags);
}

long sys_lsetxattr(struct user_ptr path, struct user_ptr name, unused_arg struct user_ptr value,
                   u64 size, int flags)
{
    return set(xattr_find(path, AT_SYMLINK_NOFOLLOW), name, size, flags);
}

long sys_fsetxattr(int fd, struct user_ptr name, unused_arg struct user_ptr value, u64 size,
                   int flags)
{
    return set(xattr_find_descriptor(fd), name, size, flags);
}
