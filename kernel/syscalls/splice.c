/* SPDX-License-Identifier: BSD-3-Clause */
/* See splice(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/uio.h"
#include "abi_handlers.h"
#include "files/splice.h"

#define KNOWN (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

static bool is_open_for(const struct file *f, u32 other_mode)
{
    return (f->flags & O_ACCMODE) != other_mode;
}

static int fetch_offset(struct user_ptr from, u64 *at, u64 **used)
{
    *used = user_is_null(from) ? NULL : at;
    if (!*used)
        return 0;
    if (read_program_u64(at, from))
        return -EFAULT;
    return (s64)*at < 0 ? -EINVAL : 0;
}

static long run(struct splice_request *r, struct user_ptr off_in, struct user_ptr off_out)
{
    u64 in_at, out_at;
    if (!is_open_for(r->from, O_WRONLY) || !is_open_for(r->to, O_RDONLY))
        return -EBADF;
    int error = fetch_offset(off_out, &out_at, &r->to_offset);
    if (!error)
        error = fetch_offset(off_in, &in_at, &r->from_offset);
    if (error)
        return error;
    long done = file_splice(r);
    if (done > 0 && ((r->to_offset && write_program_u64(off_out, out_at)) ||
                     (r->from_offset && write_program_u64(off_in, in_at))))
        return -EFAULT;
    return done;
}

long sys_splice(int fd_in, struct user_ptr off_in, int fd_out, struct user_ptr off_out,
                u64 length, u32 flags)
{
    if (!length)
        return 0;
    if (flags & ~(u32)KNOWN)
        return -EINVAL;
    struct splice_request r = {
        .from = descriptor_file(fd_in), .to = descriptor_file(fd_out), .count = length,
        .may_wait = !(flags & SPLICE_F_NONBLOCK),
    };
    long done = r.from && r.to ? run(&r, off_in, off_out) : -EBADF;
    file_drop(r.from);
    file_drop(r.to);
    return done;
}
