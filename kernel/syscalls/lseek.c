/* SPDX-License-Identifier: BSD-3-Clause */
/* See lseek(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/file.h"

long sys_lseek(int fd, s64 offset, int whence)
{
    struct file *f = descriptor_file(fd);

    if (!f)
        return -EBADF;
    long at = file_seek(f, offset, whence);
    file_drop(f);
    return at;
}
