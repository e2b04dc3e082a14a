/* SPDX-License-Identifier: BSD-3-Clause */
/* See fsync(2). Files live in memory: what is written is as safe as it gets. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/file.h"

static long sync_file(int fd)
{
    struct file *f = descriptor_file(fd);

    if (!f)
        return -EBADF;
    long result = f->flags & O_PATH ? -EBADF : f->operations->sync ? f->operations->sync(f)
                                                                   : -EINVAL;
    file_drop(f);
    return result;
}

long sys_fsync(int fd)
{
    return sync_file(fd);
}

long sys_fdatasync(int fd)
{
    return sync_file(fd);
}
