/* SPDX-License-Identifier: BSD-3-Clause */
/* See copy_file_range(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/copy.h"
#include "files/file.h"

static int fetch_offset(struct user_ptr from, u64 *at, u64 **used)
{
    *used = user_is_null(from) ? NULL : at;
    return *used ? read_program_u64(at, from) : 0;
}

long sys_copy_file_range(int fd_in, struct user_ptr off_in, int fd_out, struct user_ptr off_out,
                         u64 length, u32 flags)
{
    u64 from_at, to_at;
    struct copy_request r = {.count = length};

    r.from = descriptor_file(fd_in);
    r.to = descriptor_file(fd_out);
    long done = r.from && r.to ? 0 : -EBADF;
    if (!done && (fetch_offset(off_in, &from_at, &r.from_offset) ||
                  fetch_offset(off_out, &to_at, &r.to_offset)))
        done = -EFAULT;
    if (!done)
        done = flags ? -EINVAL : file_copy_range(&r);
    file_drop(r.from);
    file_drop(r.to);
    if (done > 0 && r.from_offset && write_program_u64(off_in, from_at))
        return -EFAULT;
    if (done > 0 && r.to_offset && write_program_u64(off_out, to_at))
        return -EFAULT;
    return done;
}
