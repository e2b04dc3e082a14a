/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * splice, tee and vmsplice.
 *
 * Promises: between pipes pages move or are shared, not copied. What a target does not take stays in
 *           the pipe, in order.
 * Refuses:  files that have positions of no meaning (eventfd and its kin), as Linux does.
 * See:      splice(2), tee(2), vmsplice(2)
 */
#include "files/splice.h"

#include "abi/linux/limits.h"
#include "files/pipe_internal.h"
#include "memory/page.h"

static u32 waiting(const struct splice_request *r, const struct file *f)
{
    return !r->may_wait || (f->flags & O_NONBLOCK) ? O_NONBLOCK : 0;
}

static bool is_spliceable(const struct file *f)
{
    return !f->operations->kind && !inode_is_directory(f->inode);
}

/* --- file to pipe --- */

static long fill_pipe(struct splice_request *r, struct pipe *to)
{
    u8 *buffer;
    struct io io;
    struct pipe_piece piece = {0};
    if (!is_spliceable(r->from))
        return -EINVAL;
    int error = pipe_wait_writable(to, waiting(r, r->to));
    if (error)
        return error;
    if (!page_alloc(0, &piece.page))
        return -ENOMEM;
    buffer = pipe_bytes(&piece);
    io_kernel(&io, buffer, min_u64(r->count, PAGE_SIZE));
    to->reserved++;
    long got = file_read(r->from, &io, r->from_offset);
    to->reserved--;
    if (got > 0 && !to->readers)
        got = -EPIPE;
    if (got <= 0) {
        page_unref(piece.page);
        return got;
    }
    piece.length = (u32)got;
    pipe_push(to, &piece);
    pipe_wake_readers(to);
    return got;
}

/* Page by page, as long as there is room: only the first may wait. */
static long splice_in(struct splice_request *r, struct pipe *to)
{
    u64 done = 0;
    long got = 0;
    do {
        got = fill_pipe(r, to);
        if (got <= 0)
            break;
        done += (u64)got;
        r->count -= (u64)got;
        bool stream = r->from->operations->is_stream || !r->from->operations->seek;
        if (stream && (u64)got < PAGE_SIZE)
            break; /* it had no more: another read would wait */
    } while (r->count && !pipe_is_full(to));
    return done ? (long)done : got;
}

/* --- pipe to file --- */

/* One piece to the file. It is out of the pipe meanwhile: the write may sleep. */
static long drain_piece(struct splice_request *r, struct pipe *from)
{
    struct io io;
    struct pipe_piece piece = pipe_shift(from);
    u64 n = min_u64(piece.length, r->count);
    io_kernel(&io, pipe_bytes(&piece), n);
    from->reserved++;
    long put = file_write(r->to, &io, r->to_offset);
    from->reserved--;
    if (put > 0) {
        piece.offset += (u32)put;
        piece.length -= (u32)put;
    }
    if (piece.length)
        pipe_unshift(from, &piece);
    else
        page_unref(piece.page);
    if (put > 0)
        pipe_wake_writers(from);
    return put;
}

static long splice_out(struct splice_request *r, struct pipe *from)
{
    u64 done = 0;
    long put = 0;
    if (!is_spliceable(r->to) || !r->to->operations->write || (r->to->flags & O_APPEND))
        return -EINVAL;
    int error = pipe_wait_readable(from, waiting(r, r->from));
    if (error)
        return error > 0 ? 0 : error;
    while (r->count && from->used) {
        u64 wanted = min_u64(pipe_at(from, 0)->length, r->count);
        put = drain_piece(r, from);
        if (put <= 0)
            break;
        done += (u64)put;
        r->count -= (u64)put;
        if ((u64)put < wanted)
            break;
    }
    return done ? (long)done : put;
}

/* --- pipe to pipe --- */

/* Both can move on; 0, 1 for the end, -errno. */
static int wait_for_both(struct splice_request *r, struct pipe *from, struct pipe *to)
{
    for (;;) {
        int error = to->readers ? pipe_wait_readable(from, waiting(r, r->from)) : 0;
        if (!error)
            error = pipe_wait_writable(to, waiting(r, r->to));
        if (error || from->used)
            return error;
    }
}

/* The first bytes of a piece as a piece of its own. */
static struct pipe_piece share(const struct pipe_piece *piece, u64 most)
{
    struct pipe_piece copy = *piece;
    copy.length = (u32)min_u64(copy.length, most);
    copy.grows = false;
    page_ref(copy.page);
    return copy;
}

static long move_pieces(struct splice_request *r, struct pipe *from, struct pipe *to)
{
    u64 done = 0;
    int error = wait_for_both(r, from, to);
    if (error)
        return error > 0 ? 0 : error;
    while (r->count && from->used && !pipe_is_full(to)) {
        struct pipe_piece *first = pipe_at(from, 0), moved;
        if (first->length <= r->count) {
            moved = pipe_shift(from);
        } else {
            moved = share(first, r->count);
            first->offset += moved.length;
            first->length -= moved.length;
            first->grows = false;
        }
        pipe_push(to, &moved);
        done += moved.length;
        r->count -= moved.length;
    }
    pipe_wake_readers(to);
    pipe_wake_writers(from);
    return (long)done;
}

long file_tee(struct splice_request *r)
{
    struct pipe *from = file_pipe(r->from), *to = file_pipe(r->to);
    u64 done = 0;
    if (!from || !to || from == to)
        return -EINVAL;
    int error = wait_for_both(r, from, to);
    if (error)
        return error > 0 ? 0 : error;
    for (u32 n = 0; n < from->used && r->count && !pipe_is_full(to); n++) {
        struct pipe_piece *piece = pipe_at(from, n), copy = share(piece, r->count);
        pipe_push(to, &copy);
        done += copy.length;
        r->count -= copy.length;
    }
    pipe_wake_readers(to);
    return (long)done;
}

/* --- splice(2) --- */

static bool has_positions(const struct file *f)
{
    return f->operations->seek && !f->operations->is_stream;
}

long file_splice(struct splice_request *r)
{
    struct pipe *from = file_pipe(r->from), *to = file_pipe(r->to);
    r->count = min_u64(r->count, LINUX_MAX_RW_COUNT);
    if ((from && r->from_offset) || (to && r->to_offset))
        return -ESPIPE;
    if (from && to)
        return from == to ? -EINVAL : move_pieces(r, from, to);
    if (from)
        return r->to_offset && !has_positions(r->to) ? -EINVAL : splice_out(r, from);
    if (to)
        return r->from_offset && !has_positions(r->from) ? -EINVAL : splice_in(r, to);
    return -EINVAL;
}

/* --- vmsplice(2) --- */

static long memory_in(struct pipe *to, struct io *io, u32 flags)
{
    u64 done = 0;
    int error = pipe_wait_writable(to, flags);
    while (!error && io->remaining && !pipe_is_full(to)) {
        struct pipe_piece piece;
        error = pipe_fill(&piece, io, PAGE_SIZE);
        if (error)
            break;
        pipe_push(to, &piece);
        done += piece.length;
    }
    if (done)
        pipe_wake_readers(to);
    return done ? (long)done : error;
}

long file_splice_memory(struct file *f, struct io *io, bool may_wait)
{
    struct pipe *p = file_pipe(f);
    u32 kept = f->flags;
    if (!p)
        return -EBADF;
    if ((kept & O_ACCMODE) != O_RDONLY)
        return io->remaining ? memory_in(p, io, may_wait ? kept & O_NONBLOCK : O_NONBLOCK) : 0;
    if (!may_wait && !p->used)
        return io->remaining && p->writers ? -EAGAIN : 0;
    return file_read(f, io, NULL);
}
