/* SPDX-License-Identifier: BSD-3-Clause */
/* See sync(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/file.h"

long sys_sync(void)
{
    return 0; /* no file system keeps anything outside memory */
}

long sys_syncfs(int fd)
{
    struct file *f = descriptor_file(fd);

    if (!f)
        return -EBADF;
    long result = f->flags & O_PATH ? -EBADF : 0;
    file_drop(f);
    return result;
}
