/* SPDX-License-Identifier: BSD-3-Clause */
/* See pread(2). */
#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "files/file.h"

static long transfer(int fd, struct user_ptr buf, u64 count, s64 offset, bool writes)
{
    if (offset < 0)
        return -EINVAL;
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    u64 at = (u64)offset;
    struct io io;
    long done = writes ? file_check_write(f, true) : file_check_read(f, true);
    if (!done && !program_address_ok(buf, count))
        done = -EFAULT;
    if (!done) {
        io_program(&io, buf, min_u64(count, LINUX_MAX_RW_COUNT));
        done = writes ? file_write(f, &io, &at) : file_read(f, &io, &at);
    }
    file_drop(f);
    return done;
}

long sys_pread64(int fd, struct user_ptr buf, u64 count, s64 offset)
{
    return transfer(fd, buf, count, offset, false);
}

long sys_pwrite64(int fd, struct user_ptr buf, u64 count, s64 offset)
{
    return transfer(fd, buf, count, offset, true);
}
