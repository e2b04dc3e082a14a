/* SPDX-License-Identifier: BSD-3-Clause */
/* See fallocate(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"

long sys_fallocate(int fd, int mode, s64 offset, s64 length)
{
    u32 known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE |
                FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE;

    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    int error;
    if (offset < 0 || length <= 0)
        error = -EINVAL;
    else if ((u32)mode & ~known)
        error = -EOPNOTSUPP;
    else if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
        error = -EOPNOTSUPP;
    else
        error = file_allocate(f, (u32)mode, (u64)offset, (u64)length);
    file_drop(f);
    return error;
}
