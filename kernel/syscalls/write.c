/* SPDX-License-Identifier: BSD-3-Clause */
/* See write(2). */
#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "files/file.h"

long sys_write(int fd, struct user_ptr buf, u64 count)
{
    struct file *f = descriptor_file(fd);
    struct io io;

    if (!f)
        return -EBADF;
    if (!program_address_ok(buf, count)) {
        file_drop(f);
        return -EFAULT;
    }
    io_program(&io, buf, min_u64(count, LINUX_MAX_RW_COUNT));
    long done = file_write(f, &io, NULL);
    file_drop(f);
    return done;
}
