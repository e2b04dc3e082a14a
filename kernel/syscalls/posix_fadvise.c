/* SPDX-License-Identifier: BSD-3-Clause */
/* See posix_fadvise(2). File data is in memory: advice is checked and needs nothing done. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/stat.h"
#include "abi_handlers.h"
#include "files/file.h"

static long check(struct file *f, s64 length, int advice)
{
    struct statx_fields fields;

    if (f->flags & O_PATH)
        return -EBADF;
    int error = file_stat(f, &fields);
    if (error)
        return error;
    if ((fields.mode & S_IFMT) == S_IFIFO)
        return -ESPIPE;
    if (length < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
        return -EINVAL;
    return 0;
}

long sys_fadvise64(int fd, s64 offset unused_arg, s64 length, int advice)
{
    struct file *f = descriptor_file(fd);

    if (!f)
        return -EBADF;
    long result = check(f, length, advice);
    file_drop(f);
    return result;
}
