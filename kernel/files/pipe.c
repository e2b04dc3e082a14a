/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes and FIFOs: reading, writing, waiting.
 *
 * Promises: a write of at most PIPE_BUF bytes is never mixed with another's; a blocking write
 *           writes all. The last reader gone is EPIPE and SIGPIPE, the last writer gone is the end.
 *           With O_DIRECT each write of up to a page is a packet, and a read ends with it.
 *           The bytes are copied to and from program memory without sleeping in between.
 * See:      pipe(7), fifo(7)
 */
#include "files/pipe.h"

#include "abi/linux/ioctl.h"
#include "abi/linux/poll.h"
#include "files/pipe_internal.h"
#include "memory/page.h"
#include "task/task.h"

#define CAPACITY_MAX (1u << 20) /* /proc/sys/fs/pipe-max-size */
#define READABLE (POLLIN | POLLRDNORM)
#define WRITABLE (POLLOUT | POLLWRNORM)

static struct pipe *pipe_of(const struct file *f)
{
    return f->inode->fifo;
}

static bool reads(const struct file *f)
{
    return (f->flags & O_ACCMODE) != O_WRONLY;
}

static bool writes(const struct file *f)
{
    return (f->flags & O_ACCMODE) != O_RDONLY;
}

struct pipe *file_pipe(const struct file *f)
{
    return f->operations == &pipe_file_operations ? pipe_of(f) : NULL;
}

void pipe_wake_readers(struct pipe *p)
{
    wake_all(&p->changed, READABLE);
}

void pipe_wake_writers(struct pipe *p)
{
    wake_all(&p->changed, WRITABLE);
}

/* --- reading --- */

static bool can_read(void *arg)
{
    const struct pipe *p = arg;
    return p->used || !p->writers;
}

int pipe_wait_readable(struct pipe *p, u32 flags)
{
    if (p->used)
        return 0;
    if (!p->writers)
        return 1;
    if (flags & O_NONBLOCK)
        return -EAGAIN;
    int error = wait_until(&p->changed, can_read, p, NO_DEADLINE);
    return error ? error : !p->used;
}

/* One piece's bytes; *over: the read ends here. Bytes moved. */
static size_t read_piece(struct pipe *p, struct io *io, bool *over)
{
    struct pipe_piece *piece = pipe_at(p, 0);
    size_t n = min_u64(piece->length, io->remaining), moved = io_put(io, pipe_bytes(piece), n);
    *over = moved < n || piece->packet;
    piece->offset += (u32)moved;
    piece->length -= (u32)moved;
    if (moved == n && (!piece->length || piece->packet)) /* what a packet's reader left is lost */
        pipe_drop_first(p);
    return moved;
}

static long pipe_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct pipe *p = pipe_of(f);
    size_t done = 0;
    bool over = false;
    if (!io->remaining)
        return 0;
    int error = pipe_wait_readable(p, f->flags);
    if (error)
        return error > 0 ? 0 : error;
    while (p->used && io->remaining && !over)
        done += read_piece(p, io, &over);
    if (!done)
        return -EFAULT;
    f->inode->accessed = time_now();
    pipe_wake_writers(p);
    return (long)done;
}

/* --- writing --- */

static bool can_write(void *arg)
{
    const struct pipe *p = arg;
    return !p->readers || !pipe_is_full(p);
}

static int broken(void)
{
    signal_send_thread(current_thread(), SIGPIPE, NULL);
    return -EPIPE;
}

int pipe_wait_writable(struct pipe *p, u32 flags)
{
    if (!p->readers)
        return broken();
    if (!pipe_is_full(p))
        return 0;
    if (flags & O_NONBLOCK)
        return -EAGAIN;
    int error = wait_until(&p->changed, can_write, p, NO_DEADLINE);
    if (error)
        return error;
    return p->readers ? 0 : broken();
}

/* As Linux: the odd bytes of a write go behind the last ones, when they fit into that page. */
static long append(struct pipe *p, struct io *io)
{
    u32 odd = io->remaining & (PAGE_SIZE - 1);
    struct pipe_piece *last = p->used ? pipe_at(p, p->used - 1) : NULL;
    if (!odd || !last || !last->grows || page_refs(last->page) > 1 ||
        last->offset + last->length + odd > PAGE_SIZE)
        return 0;
    if (io_take(io, pipe_bytes(last) + last->length, odd) != odd)
        return -EFAULT;
    last->length += odd;
    return odd;
}

/* One page more. 0 or -errno; *done grows. */
static int write_page(struct file *f, struct pipe *p, struct io *io, u64 *done)
{
    struct pipe_piece piece;
    int error = pipe_wait_writable(p, f->flags);
    if (!error)
        error = pipe_fill(&piece, io, PAGE_SIZE);
    if (error)
        return error;
    piece.packet = f->flags & O_DIRECT;
    piece.grows = !piece.packet;
    pipe_push(p, &piece);
    *done += piece.length;
    pipe_wake_readers(p);
    return 0;
}

static long pipe_write(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct pipe *p = pipe_of(f);
    if (!io->remaining)
        return 0;
    if (!p->readers)
        return broken();
    long appended = append(p, io);
    if (appended < 0)
        return appended;
    u64 done = (u64)appended;
    int error = 0;
    if (appended)
        pipe_wake_readers(p);
    while (io->remaining && !error)
        error = write_page(f, p, io, &done);
    if (done)
        f->inode->modified = f->inode->changed = time_now();
    return done ? (long)done : error;
}

/* --- the rest --- */

static u32 pipe_poll(struct file *f, struct poll_wait *w)
{
    struct pipe *p = pipe_of(f);
    u32 ready = 0;
    poll_enter(w, &p->changed, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM | POLLHUP | POLLERR);
    if (reads(f)) {
        if (p->used)
            ready |= POLLIN | POLLRDNORM;
        if (!p->writers && p->opened_writers)
            ready |= POLLHUP;
    }
    if (writes(f)) {
        if (!pipe_is_full(p))
            ready |= POLLOUT | POLLWRNORM;
        if (!p->readers)
            ready |= POLLERR;
    }
    return ready;
}

static long pipe_ioctl(struct file *f, u32 request, struct user_ptr argument, unused_arg u64 value)
{
    if (request != FIONREAD)
        return -ENOTTY;
    return write_program_u32(argument, (u32)pipe_unread(pipe_of(f)));
}

static void pipe_close(struct file *f)
{
    struct pipe *p = pipe_of(f);
    p->readers -= reads(f);
    p->writers -= writes(f);
    if (p->readers || p->writers) {
        wake_all(&p->changed, POLLIN | POLLOUT | POLLHUP | POLLERR);
        return;
    }
    f->inode->fifo = NULL;
    pipe_free(p);
}

static long resize(struct pipe *p, u64 wanted)
{
    u64 bytes = PAGE_SIZE;
    if (wanted > INT32_MAX)
        return -EINVAL;
    while (bytes < wanted)
        bytes *= 2;
    if (bytes > CAPACITY_MAX && !is_privileged())
        return -EPERM;
    int error = pipe_resize(p, (u32)(bytes / PAGE_SIZE));
    if (error)
        return error;
    pipe_wake_writers(p);
    return (long)bytes;
}

static long pipe_control(struct file *f, u32 command, u64 argument)
{
    switch (command) {
    case F_GETPIPE_SZ:
        return (long)(pipe_of(f)->capacity * PAGE_SIZE);
    case F_SETPIPE_SZ:
        return resize(pipe_of(f), argument);
    default:
        return -EINVAL;
    }
}

const struct file_operations pipe_file_operations = {
    .read = pipe_read, .write = pipe_write, .poll = pipe_poll, .ioctl = pipe_ioctl,
    .close = pipe_close, .control = pipe_control,
};
