/* SPDX-License-Identifier: BSD-3-Clause */
/* See tee(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/uio.h"
#include "abi_handlers.h"
#include "files/splice.h"

#define KNOWN (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

long sys_tee(int fd_in, int fd_out, u64 length, u32 flags)
{
    if (flags & ~(u32)KNOWN)
        return -EINVAL;
    if (!length)
        return 0;
    struct splice_request r = {
        .from = descriptor_file(fd_in), .to = descriptor_file(fd_out), .count = length,
        .may_wait = !(flags & SPLICE_F_NONBLOCK),
    };
    long done = -EBADF;
    if (r.from && r.to && (r.from->flags & O_ACCMODE) != O_WRONLY &&
        (r.to->flags & O_ACCMODE) != O_RDONLY)
        done = file_tee(&r);
    file_drop(r.from);
    file_drop(r.to);
    return done;
}
