/* SPDX-License-Identifier: BSD-3-Clause */
/* See sync_file_range(2). Nothing is kept outside memory: after the checks there is nothing to do. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/file.h"

#define KNOWN_FLAGS 7u /* SYNC_FILE_RANGE_WAIT_BEFORE, _WRITE, _WAIT_AFTER */

long sys_sync_file_range(int fd, s64 offset, s64 length, u32 flags)
{
    struct statx_fields fields;
    s64 end;

    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    long result = file_stat(f, &fields);
    u32 type = fields.mode & S_IFMT;
    file_drop(f);
    if (result)
        return result;
    if ((flags & ~KNOWN_FLAGS) || offset < 0 || __builtin_add_overflow(offset, length, &end) ||
        end < offset)
        return -EINVAL;
    bool has_pages = type == S_IFREG || type == S_IFBLK || type == S_IFDIR || type == S_IFLNK;
    return has_pages ? 0 : -ESPIPE;
}
