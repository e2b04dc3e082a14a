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
    long done = file_check_write(f, false);
    if (!done && !program_address_ok(buf, count))
        done = -EFAULT;
    if (!done) {
        io_program(&io, buf, min_u64(count, LINUX_MAX_RW_COUNT));
        done = file_write(f, &io, NULL);
    }
    file_drop(f);
    return done;
}
