/* SPDX-License-Identifier: BSD-3-Clause */
/* See readahead(2). All files live in memory: they have been read ahead for good. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/file.h"

long sys_readahead(int fd, unused_arg s64 offset, u64 count)
{
    struct statx_fields fields;
    struct file *f = descriptor_file(fd);

    if (!f)
        return -EBADF;
    long result = (f->flags & O_ACCMODE) == O_WRONLY ? -EBADF : file_stat(f, &fields);
    if (!result && ((fields.mode & S_IFMT) != S_IFREG || (s64)count < 0))
        result = -EINVAL;
    file_drop(f);
    return result;
}
