/* SPDX-License-Identifier: BSD-3-Clause */
/* See fallocate(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"

/* One of the kinds alone, and each with or without KEEP_SIZE as fallocate(2) wants it. */
static bool is_known(u32 mode)
{
    switch (mode & ~(u32)FALLOC_FL_KEEP_SIZE) {
    case 0:
    case FALLOC_FL_UNSHARE_RANGE:
    case FALLOC_FL_ZERO_RANGE:
        return true;
    case FALLOC_FL_PUNCH_HOLE:
        return mode & FALLOC_FL_KEEP_SIZE;
    case FALLOC_FL_COLLAPSE_RANGE:
    case FALLOC_FL_INSERT_RANGE:
        return !(mode & FALLOC_FL_KEEP_SIZE);
    default:
        return false;
    }
}

long sys_fallocate(int fd, int mode, s64 offset, s64 length)
{
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    int error;
    if (offset < 0 || length <= 0)
        error = -EINVAL;
    else if (!is_known((u32)mode))
        error = -EOPNOTSUPP;
    else
        error = file_allocate(f, (u32)mode, (u64)offset, (u64)length);
    file_drop(f);
    return error;
}
