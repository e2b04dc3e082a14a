/* SPDX-License-Identifier: BSD-3-Clause */
/* See getdents(2): getdents, getdents64. Each record is a multiple of 8 bytes long. */
#include "abi/linux/dirent.h"
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "files/file.h"
#include "lib/string.h"

struct record_sink {
    struct directory_sink sink;
    struct user_ptr to;
    u64 room, used;
    bool old_form;
    int error;
};

/* One record, assembled here and stored at once. */
static int put(struct directory_sink *sink, const char *name, size_t length, u64 inode, u8 type,
               u64 next)
{
    struct record_sink *r = container_of(sink, struct record_sink, sink);
    u8 bytes[LINUX_DIRENT64_NAME_OFFSET + NAME_MAX + 1 + 8] = {0};
    size_t name_at = r->old_form ? LINUX_DIRENT_NAME_OFFSET : LINUX_DIRENT64_NAME_OFFSET;
    size_t size = align_up(name_at + length + (r->old_form ? 2 : 1), 8);
    if (size > r->room - r->used) {
        r->error = r->used ? 0 : -EINVAL;
        return -1;
    }
    u16 record_length = (u16)size;
    memcpy(bytes, &inode, 8);
    memcpy(bytes + 8, &next, 8);
    memcpy(bytes + 16, &record_length, 2);
    bytes[r->old_form ? size - 1 : LINUX_DIRENT64_NAME_OFFSET - 1] = type;
    memcpy(bytes + name_at, name, length);
    if (copy_to_program(user_at(r->to, r->used), bytes, size)) {
        r->error = r->used ? 0 : -EFAULT;
        return -1;
    }
    r->used += size;
    return 0;
}

static long read_entries(int fd, struct user_ptr buf, u32 count, bool old_form)
{
    struct record_sink r = {.sink.put = put, .to = buf, .room = count, .old_form = old_form};
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    long result;
    if (f->flags & O_PATH)
        result = -EBADF;
    else if (!f->operations->read_directory)
        result = -ENOTDIR;
    else if ((s32)count < 0)
        result = -EINVAL;
    else
        result = file_read_directory(f, &r.sink);
    file_drop(f);
    if (result < 0)
        return result;
    return r.error ? r.error : (long)r.used;
}

long sys_getdents(int fd, struct user_ptr buf, u32 count)
{
    return read_entries(fd, buf, count, true);
}

long sys_getdents64(int fd, struct user_ptr buf, u32 count)
{
    return read_entries(fd, buf, count, false);
}
