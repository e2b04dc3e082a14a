/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes and FIFOs.
 *
 * Holds:    a ring of bytes, made when it is first written to, and who has the ends open.
 * Promises: a write of at most PIPE_BUF bytes is never mixed with another's; a blocking write
 *           writes all. The last reader gone is EPIPE and SIGPIPE, the last writer gone is the end.
 *           The bytes are copied to and from program memory without sleeping in between.
 * Refuses:  O_DIRECT packets: accepted and treated as bytes (abi/coverage).
 * See:      pipe(7), fifo(7)
 */
#include "files/pipe.h"

#include "abi/linux/ioctl.h"
#include "abi/linux/poll.h"
#include "files/inode.h"
#include "lib/printf.h"
#include "memory/page.h"

#define CAPACITY_MAX (1u << 20) /* /proc/sys/fs/pipe-max-size */

struct pipe {
    u8 *bytes;                   /* NULL: nothing was written yet */
    u32 capacity, start, used;
    u32 readers, writers;
    u32 opened_readers, opened_writers; /* ever, for open(2) of a FIFO */
    struct wait_queue changed;
};

static struct pipe *pipe_new(void)
{
    struct pipe *p = heap_alloc_zeroed(sizeof(*p));
    if (!p)
        return NULL;
    p->capacity = LINUX_PIPE_CAPACITY;
    wait_queue_init(&p->changed);
    return p;
}

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

/* --- reading --- */

static bool can_read(void *arg)
{
    const struct pipe *p = arg;
    return p->used || !p->writers;
}

static size_t take_out(struct pipe *p, struct io *io)
{
    size_t done = 0;
    while (p->used && io->remaining) {
        size_t n = min_u64(min_u64(p->used, p->capacity - p->start), io->remaining);
        size_t moved = io_put(io, p->bytes + p->start, n);
        p->start = (u32)((p->start + moved) % p->capacity);
        p->used -= (u32)moved;
        done += moved;
        if (moved < n)
            break;
    }
    return done;
}

static long pipe_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct pipe *p = pipe_of(f);
    if (!io->remaining)
        return 0;
    while (!p->used) {
        if (!p->writers)
            return 0;
        if (f->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = wait_until(&p->changed, can_read, p, NO_DEADLINE);
        if (error)
            return error;
    }
    size_t done = take_out(p, io);
    if (!done)
        return -EFAULT;
    f->inode->accessed = time_now();
    wake_all(&p->changed, POLLOUT | POLLWRNORM);
    return (long)done;
}

/* --- writing --- */

struct room_wanted {
    const struct pipe *pipe;
    u32 bytes;
};

static bool has_room(void *arg)
{
    const struct room_wanted *w = arg;
    return !w->pipe->readers || w->pipe->capacity - w->pipe->used >= w->bytes;
}

/* As Linux, what a fault leaves of a page is not written. */
static size_t put_in(struct pipe *p, struct io *io, size_t most)
{
    size_t done = 0;
    while (done < most) {
        u32 end = (p->start + p->used) % p->capacity;
        size_t n = min_u64(most - done, min_u64(p->capacity - end, p->capacity - p->used));
        size_t moved = io_take(io, p->bytes + end, n);
        if (moved < n)
            moved = align_down(moved, PAGE_SIZE);
        p->used += (u32)moved;
        done += moved;
        if (moved < n)
            break;
    }
    return done;
}

static int broken(void)
{
    signal_send_thread(current_thread(), SIGPIPE, NULL);
    return -EPIPE;
}

/* Room for all of a small write, for some of a large one. 0 or -errno. */
static int wait_for_room(struct file *f, struct pipe *p, u64 remaining)
{
    u32 wanted = remaining <= PIPE_BUF ? (u32)remaining : 1;
    struct room_wanted w = {p, wanted};
    if (!p->readers)
        return broken();
    if (has_room(&w))
        return 0;
    if (f->flags & O_NONBLOCK)
        return -EAGAIN;
    int error = wait_until(&p->changed, has_room, &w, NO_DEADLINE);
    if (error)
        return error;
    return p->readers ? 0 : broken();
}

static long pipe_write(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct pipe *p = pipe_of(f);
    u64 total = io->remaining, done = 0;
    if (!total)
        return 0;
    if (!p->bytes) {
        p->bytes = heap_alloc(p->capacity);
        if (!p->bytes)
            return -ENOMEM;
    }
    while (done < total) {
        int error = wait_for_room(f, p, total <= PIPE_BUF ? total : io->remaining);
        if (error)
            return done ? (long)done : error;
        size_t most = min_u64(io->remaining, p->capacity - p->used);
        size_t moved = put_in(p, io, most);
        done += moved;
        if (moved)
            wake_all(&p->changed, POLLIN | POLLRDNORM);
        if (moved < most)
            return done ? (long)done : -EFAULT;
    }
    f->inode->modified = f->inode->changed = time_now();
    return (long)done;
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
        if (p->capacity - p->used >= PIPE_BUF)
            ready |= POLLOUT | POLLWRNORM;
        if (!p->readers)
            ready |= POLLERR;
    }
    return ready;
}

static long pipe_ioctl(struct file *f, u32 request, struct user_ptr argument, unused_arg u64 value)
{
    return request == FIONREAD ? write_program_u32(argument, pipe_of(f)->used) : -ENOTTY;
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
    heap_free(p->bytes);
    heap_free(p);
}

static long resize(struct pipe *p, u64 wanted)
{
    u64 capacity = PAGE_SIZE;
    if (wanted > INT32_MAX)
        return -EINVAL;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity > CAPACITY_MAX && !is_privileged())
        return -EPERM;
    if (capacity < p->used)
        return -EBUSY;
    u8 *bytes = heap_alloc(capacity);
    if (!bytes)
        return -ENOMEM;
    struct io io;
    u32 used = p->used;
    io_kernel(&io, bytes, used);
    if (used)
        take_out(p, &io);
    heap_free(p->bytes);
    p->bytes = bytes;
    p->capacity = (u32)capacity;
    p->start = 0;
    p->used = used;
    wake_all(&p->changed, POLLOUT | POLLWRNORM);
    return (long)capacity;
}

static long pipe_control(struct file *f, u32 command, u64 argument)
{
    switch (command) {
    case F_GETPIPE_SZ:
        return pipe_of(f)->capacity;
    case F_SETPIPE_SZ:
        return resize(pipe_of(f), argument);
    default:
        return -EINVAL;
    }
}

static const struct file_operations pipe_file_operations = {
    .read = pipe_read, .write = pipe_write, .poll = pipe_poll, .ioctl = pipe_ioctl,
    .close = pipe_close, .control = pipe_control,
};

/* --- opening --- */

static size_t label(struct inode *i, char *out, size_t size)
{
    return (size_t)format_text(out, size, "pipe:[%lu]", (unsigned long)i->number);
}

static void release(struct inode *i)
{
    heap_free(i);
}

static int reopen(struct file *f);

static const struct inode_operations pipe_inode_operations = {
    .open = reopen, .label = label, .release = release,
};

static void enter(struct file *f)
{
    struct pipe *p = pipe_of(f);
    p->readers += reads(f);
    p->writers += writes(f);
    p->opened_readers += reads(f);
    p->opened_writers += writes(f);
    f->operations = &pipe_file_operations;
    wake_all(&p->changed, POLLIN | POLLOUT);
}

/* /proc/self/fd/N of a pipe: another open file on the same ring. */
static int reopen(struct file *f)
{
    if (!pipe_of(f))
        return -ENXIO;
    enter(f);
    return 0;
}

int pipe_create(struct file *ends[2], u32 flags)
{
    struct inode *i = heap_alloc(sizeof(*i));
    if (!i)
        return -ENOMEM;
    inode_init(i, &pipe_inode_operations, &pipe_fs, S_IFIFO | 0600);
    i->fifo = pipe_new();
    ends[0] = i->fifo ? file_create(NULL, i, O_RDONLY | (flags & O_NONBLOCK)) : NULL;
    ends[1] = ends[0] ? file_create(NULL, i, O_WRONLY | (flags & O_NONBLOCK)) : NULL;
    if (!ends[1]) {
        heap_free(i->fifo);
        file_drop(ends[0]);
        inode_drop(i);
        return -ENOMEM;
    }
    inode_drop(i);
    enter(ends[0]);
    enter(ends[1]);
    return 0;
}

struct partner_wanted {
    const u32 *counter;
    u32 before;
};

static bool partner_came(void *arg)
{
    const struct partner_wanted *w = arg;
    return *w->counter != w->before;
}

/* fifo(7): a side waits for the other, unless it opened both or may not wait. */
static int wait_for_partner(struct file *f)
{
    struct pipe *p = pipe_of(f);
    if (reads(f) && writes(f))
        return 0;
    u32 there = reads(f) ? p->writers : p->readers;
    struct partner_wanted w = {
        .counter = reads(f) ? &p->opened_writers : &p->opened_readers,
        .before = reads(f) ? p->opened_writers : p->opened_readers,
    };
    if (there || (reads(f) && (f->flags & O_NONBLOCK)))
        return 0;
    return wait_until(&p->changed, partner_came, &w, NO_DEADLINE);
}

int fifo_open(struct file *f)
{
    struct inode *i = f->inode;
    bool lonely = !i->fifo || !i->fifo->readers;
    if ((f->flags & O_ACCMODE) == O_WRONLY && (f->flags & O_NONBLOCK) && lonely)
        return -ENXIO;
    if (!i->fifo)
        i->fifo = pipe_new();
    if (!i->fifo)
        return -ENOMEM;
    enter(f);
    int error = wait_for_partner(f);
    if (error)
        pipe_close(f);
    return error;
}
