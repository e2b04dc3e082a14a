/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Copies from file to file through a buffer of the kernel heap.
 *
 * Promises: positions move by what arrived at the target, also when the target took less than was
 *           read.
 */
#include "files/copy.h"

#include "files/inode.h"
#include "memory/page.h"

#define CHUNK_BYTES 65536u

/* One chunk; bytes that arrived, 0 at the end, -errno. */
static long copy_chunk(struct copy_request *r, u8 *buffer, u64 n, u64 *at)
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
    return put;
}

/* Streams have no position: what is read from one must be written whole. */
static long copy_stream_chunk(struct copy_request *r, u8 *buffer, u64 n)
{
    struct io io;
    io_kernel(&io, buffer, n);
    long got = file_read(r->from, &io, NULL);
    if (got <= 0)
        return got;
    io_kernel(&io, buffer, (u64)got);
    return file_write(r->to, &io, r->to_offset);
}

static long copy(struct copy_request *r)
{
    u64 size = min_u64(r->count, CHUNK_BYTES), done = 0;
    bool seekable = r->from->operations->seek != NULL;
    u64 *at = r->from_offset ? r->from_offset : &r->from->offset;
    u8 *buffer = size ? heap_alloc(size) : NULL;
    if (size && !buffer)
        return -ENOMEM;
    long moved = 0;
    while (done < r->count) {
        u64 n = min_u64(r->count - done, size);
        moved = seekable ? copy_chunk(r, buffer, n, at) : copy_stream_chunk(r, buffer, n);
        if (moved <= 0)
            break;
        done += (u64)moved;
        if ((u64)moved < n)
            break;
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

long file_send(struct copy_request *r)
{
    if (!may_read(r->from) || !may_write(r->to))
        return -EBADF;
    if (r->from_offset && !r->from->operations->seek)
        return -ESPIPE;
    if (r->from_offset && (s64)*r->from_offset < 0)
        return -EINVAL;
    if (!r->from->operations->read || !r->to->operations->write || (r->to->flags & O_APPEND))
        return -EINVAL;
    if (inode_is_directory(r->from->inode))
        return -EINVAL;
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
    r->count = min_u64(r->count, left);
    if (from == to && in < out + r->count && out < in + r->count)
        return -EINVAL;
    return 0;
}

long file_copy_range(struct copy_request *r)
{
    int error = check_range(r);
    return error ? error : copy(r);
}
