/* SPDX-License-Identifier: BSD-3-Clause */
/* See vmsplice(2). */
#include "abi/linux/errno.h"
#include "abi/linux/uio.h"
#include "abi_handlers.h"
#include "files/splice.h"

#define KNOWN (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

long sys_vmsplice(int fd, struct user_ptr iov, u64 count, u32 flags)
{
    struct io io;

    if (flags & ~(u32)KNOWN)
        return -EINVAL;
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    long done = io_vector(&io, iov, count);
    if (!done) {
        done = file_splice_memory(f, &io, !(flags & SPLICE_F_NONBLOCK));
        io_release(&io);
    }
    file_drop(f);
    return done;
}
