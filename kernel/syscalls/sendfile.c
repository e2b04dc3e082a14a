/* SPDX-License-Identifier: BSD-3-Clause */
/* See sendfile(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/copy.h"
#include "files/file.h"

long sys_sendfile(int out_fd, int in_fd, struct user_ptr offset, u64 count)
{
    u64 at = 0;

    if (!user_is_null(offset) && read_program_u64(&at, offset))
        return -EFAULT;
    struct file *in = descriptor_file(in_fd), *out = descriptor_file(out_fd);
    struct copy_request r = {
        .from = in, .to = out, .from_offset = user_is_null(offset) ? NULL : &at,
        .count = count,
    };
    long done = file_send(&r);
    file_drop(in);
    file_drop(out);
    if (done >= 0 && !user_is_null(offset) && write_program_u64(offset, at))
        return -EFAULT;
    return done;
}
