/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies from file to file through a buffer of the kernel heap.
 *
 * Promises: positions move by what arrived at the target, also when the target took less than was
 *           read.
 */
#include "files/copy.h"

#include "abi/linux/limits.h"
#include "files/inode.h"
#include "memory/page.h"

#define CHUNK_BYTES 65536u

/* One chunk; bytes that arrived, 0 at the end, -errno. *cut: the target did not take all. */
static long copy_chunk(struct copy_request *r, u8 *buffer, u64 n, u64 *at, bool *cut)
{
    struct io io;
    u64 read_at = *at;
    io_kernel(&io, buffer, n);
    long got = file_read(r->from, &io, &read_at);
    if (got <= 0)
        return got;
    io_kernel(&io, buffer, (u64)got);
    long put = file_write(r->to, &io, r->to_offset);
    if (put > 0)
        *at += (u64)put;
    *cut = put < got;
    return put;
}

static long copy(struct copy_request *r)
{
    u64 size = min_u64(r->count, CHUNK_BYTES), done = 0;
    u64 *at = r->from_offset ? r->from_offset : &r->from->offset;
    u8 *buffer = size ? heap_alloc(size) : NULL;
    if (size && !buffer)
        return -ENOMEM;
    long moved = 0;
    bool cut = false;
    while (done < r->count && !cut) {
        u64 n = min_u64(r->count - done, size);
        moved = copy_chunk(r, buffer, n, at, &cut);
        if (moved <= 0)
            break;
        done += (u64)moved;
    }
    heap_free(buffer);
    return done ? (long)done : moved;
}

static bool may_read(const struct file *f)
{
    return !(f->flags & O_PATH) && (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool may_write(const struct file *f)
{
    return !(f->flags & O_PATH) && (f->flags & O_ACCMODE) != O_RDONLY;
}

/* The order of checks is Linux's: the source first. */
long file_send(struct copy_request *r)
{
    const struct file_operations *from = r->from ? r->from->operations : NULL;

    if (!from || !may_read(r->from))
        return -EBADF;
    if (r->from_offset && (!from->seek || from->is_stream))
        return -ESPIPE;
    if ((r->from_offset && (s64)*r->from_offset < 0) || (s64)r->count < 0)
        return -EINVAL;
    if (!r->to || !may_write(r->to))
        return -EBADF;
    if (!from->seek || (r->to->flags & O_APPEND))
        return -EINVAL; /* from a pipe: what the target does not take could not be put back */
    if (!r->count)
        return 0;
    if (from->is_stream || !from->read || inode_is_directory(r->from->inode))
        return -EINVAL;
    if (r->to->operations->kind || !r->to->operations->write) /* eventfd and its kin */
        return -EINVAL;
    r->count = min_u64(r->count, LINUX_MAX_RW_COUNT);
    return copy(r);
}

static int check_range(struct copy_request *r)
{
    const struct inode *from = r->from->inode, *to = r->to->inode;
    if (inode_is_directory(from) || inode_is_directory(to))
        return -EISDIR;
    if (!inode_is_regular(from) || !inode_is_regular(to))
        return -EINVAL;
    if (!may_read(r->from) || !may_write(r->to) || (r->to->flags & O_APPEND))
        return -EBADF;
    u64 in = r->from_offset ? *r->from_offset : r->from->offset;
    u64 out = r->to_offset ? *r->to_offset : r->to->offset;
    if ((s64)in < 0 || (s64)out < 0)
        return -EINVAL;
    if (in + r->count < in || out + r->count < out)
        return -EOVERFLOW;
    u64 left = in < from->size ? from->size - in : 0;
    r->count = min_u64(min_u64(r->count, left), LINUX_MAX_RW_COUNT);
    if (from == to && in < out + r->count && out < in + r->count)
        return -EINVAL;
    return 0;
}

long file_copy_range(struct copy_request *r)
{
    int error = check_range(r);
    return error ? error : copy(r);
}
