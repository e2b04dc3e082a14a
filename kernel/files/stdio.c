/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors 0, 1 and 2 at the program's start: what the SDK said they are (boot information).
 *
 * Holds:    one inode per stream; it looks like what stands behind it outside: a pipe, a regular
 *           file, a terminal, /dev/null, or nothing at all (the descriptor is closed).
 * Promises: when the program has closed every descriptor of a stream, the other side hears of it.
 *           A regular file as input can be read again from where it was read before: shells seek
 *           back in their script.
 * Refuses:  seeking back by more than KEPT_BYTES in an input file, and seeking in an output file (ESPIPE, but asking for the position works): its bytes have
 *           left the machine.
 * See:      pipe(7), stdin(3), lseek(2)
 */
#include "files/stdio.h"

#include "abi/image/boot_info.h"
#include "abi/linux/poll.h"
#include "files/devices.h"
#include "files/tty.h"
#include "lib/printf.h"
#include "memory/page.h"

static void opened(struct stdio *s)
{
    s->open_files++;
}

static void close_stdio(struct file *f)
{
    struct stdio *s = stdio_of(f);
    if (--s->open_files == 0 && s->stream->operations->shut)
        s->stream->operations->shut(s->stream);
}

/* --- pipes and sockets --- */

static long pipe_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    return stream_file_read(stdio_of(f)->stream, f, io);
}

static long pipe_write(struct file *f, struct io *io, unused_arg u64 *offset)
{
    return stream_file_write(stdio_of(f)->stream, f, io);
}

static u32 pipe_poll(struct file *f, struct poll_wait *w)
{
    struct stream *s = stdio_of(f)->stream;
    u32 ready = 0;
    bool broken = s->operations->broken(s);
    if (s->channel == CHANNEL_STDIN) {
        poll_enter(w, &s->readable, POLLIN | POLLRDNORM | POLLHUP);
        if (s->operations->can_read(s) && !(broken && stdio_of(f)->ended))
            ready |= POLLIN | POLLRDNORM;
        return broken ? ready | POLLHUP : ready;
    }
    poll_enter(w, &s->writable, POLLOUT | POLLWRNORM | POLLERR);
    if (s->operations->can_write(s))
        ready |= POLLOUT | POLLWRNORM;
    return broken ? ready | POLLERR : ready;
}

static const struct file_operations pipe_operations = {
    .read = pipe_read, .write = pipe_write, .poll = pipe_poll, .close = close_stdio,
};

/* --- a regular file as input --- */

/* How far back a program may seek: memory does not grow with the file. */
#define KEPT_BYTES (2ul << 20)

/* Reads from the stream behind what was taken; bytes, 0 at the end, -errno. */
static long take_more(struct stdio *s, struct file *f)
{
    static u8 chunk[PAGE_SIZE];
    struct io io;
    io_kernel(&io, chunk, sizeof(chunk));
    long n = s->ended ? 0 : stream_file_read(s->stream, f, &io);
    if (n == 0)
        s->ended = true;
    if (n <= 0)
        return n;
    long kept = page_store_write(&s->taken, s->taken_bytes, chunk, (size_t)n);
    if (kept != n)
        return -ENOMEM;
    s->taken_bytes += (u64)n;
    s->inode.size = s->taken_bytes;
    if (s->taken_bytes - s->kept_from > 2 * KEPT_BYTES) {
        u64 keep_from = align_down(s->taken_bytes - KEPT_BYTES, PAGE_SIZE);
        page_store_punch(&s->taken, s->kept_from, keep_from - s->kept_from);
        s->kept_from = keep_from;
    }
    return n;
}

static long input_read(struct file *f, struct io *io, u64 *offset)
{
    struct stdio *s = stdio_of(f);
    if (*offset < s->kept_from)
        return -EIO;
    while (*offset >= s->taken_bytes && io->remaining) {
        long n = take_more(s, f);
        if (n <= 0)
            return n;
    }
    u64 here = min_u64(io->remaining, s->taken_bytes - *offset), done = 0;
    while (done < here) {
        static u8 page[PAGE_SIZE];
        size_t n = min_u64(here - done, sizeof(page));
        page_store_read(&s->taken, *offset, page, n);
        size_t moved = io_put(io, page, n);
        *offset += moved;
        done += moved;
        if (moved < n)
            return done ? (long)done : -EFAULT;
    }
    return (long)done;
}

static long input_seek(struct file *f, s64 offset, int whence)
{
    struct stdio *s = stdio_of(f);
    long n = 1;
    while (whence == SEEK_END && n > 0)
        n = take_more(s, f);
    u64 old = f->offset;
    if (n >= 0)
        n = file_seek_plain(f, offset, whence, s->taken_bytes);
    if (n >= 0 && (u64)n < s->kept_from) {
        f->offset = old;
        return -ESPIPE;
    }
    return n;
}

static const struct file_operations input_operations = {
    .read = input_read, .seek = input_seek, .close = close_stdio,
};

/* --- a regular file as output --- */

static long output_write(struct file *f, struct io *io, u64 *offset)
{
    struct stdio *s = stdio_of(f);
    if (offset != &f->offset)
        return -ESPIPE;
    long n = stream_file_write(s->stream, f, io);
    if (n > 0)
        *offset = s->inode.size += (u64)n;
    return n;
}

static long output_seek(struct file *f, s64 offset, int whence)
{
    u64 size = f->inode->size;
    bool stays = (whence == SEEK_CUR && offset == 0) || (whence == SEEK_END && offset == 0) ||
                 (whence == SEEK_SET && (u64)offset == size);
    return stays ? (long)size : -ESPIPE;
}

static long output_sync(unused_arg struct file *f)
{
    return 0;
}

static const struct file_operations output_operations = {
    .write = output_write, .seek = output_seek, .close = close_stdio, .sync = output_sync,
};

/* --- inodes --- */

static struct stdio streams[3];

static size_t label(struct inode *i, char *out, size_t size)
{
    const struct stdio *s = container_of(i, struct stdio, inode);
    int n;
    switch (s->stream->stdio_kind) {
    case ELFIN_STDIO_FILE:
        n = format_text(out, size, "/%s", s == &streams[0] ? "stdin" : "stdout");
        break;
    case ELFIN_STDIO_SOCKET:
        n = format_text(out, size, "socket:[%lu]", (unsigned long)i->number);
        break;
    default:
        n = format_text(out, size, "pipe:[%lu]", (unsigned long)i->number);
    }
    return (size_t)n < size ? (size_t)n : 0;
}

static int open_stdio(struct file *f)
{
    struct stdio *s = stdio_of(f);
    bool input = s->stream->channel == CHANNEL_STDIN;
    if (s->stream->stdio_kind == ELFIN_STDIO_SOCKET && f->path)
        return -ENXIO; /* as Linux: sockets are not opened by name */
    if (s->stream->stdio_kind != ELFIN_STDIO_FILE)
        f->operations = &pipe_operations;
    else
        f->operations = input ? &input_operations : &output_operations;
    opened(s);
    return 0;
}

static void release(unused_arg struct inode *i)
{
    /* One of three, in static memory. */
}

static const struct inode_operations stdio_inode_operations = {
    .open = open_stdio, .label = label, .release = release,
};

static u32 mode_of(int kind)
{
    switch (kind) {
    case ELFIN_STDIO_FILE:
        return S_IFREG | 0644;
    case ELFIN_STDIO_SOCKET:
        return S_IFSOCK | 0777;
    case ELFIN_STDIO_TTY:
        return S_IFCHR | 0620;
    default:
        return S_IFIFO | 0600;
    }
}

static struct file *open_stream(struct stream *stream, unsigned fd)
{
    struct stdio *s = &streams[fd];
    s->stream = stream;
    inode_init(&s->inode, &stdio_inode_operations, &pipe_fs, mode_of(stream->stdio_kind));
    page_store_init(&s->taken);
    struct file *f = file_create(NULL, &s->inode, fd == 0 ? O_RDONLY : O_WRONLY);
    if (f && s->inode.operations->open(f)) {
        file_drop(f);
        return NULL;
    }
    return f;
}

static struct file *open_device(u64 rdev, const char *path)
{
    int error;
    struct file *f = file_open_kernel(path, O_RDWR, 0, &error);
    return f ? f : device_open_unnamed(rdev, O_RDWR);
}

int files_open_standard_streams(struct descriptor_table *t)
{
    for (unsigned fd = 0; fd < ARRAY_SIZE(streams); fd++) {
        enum platform_channel channel = (enum platform_channel)(CHANNEL_STDIN + fd);
        struct stream *stream = stream_get(channel);
        int kind = stream ? stream->stdio_kind : stream_stdio_kind(channel);
        struct file *f;
        if (kind == ELFIN_STDIO_CLOSED || (!stream && kind != ELFIN_STDIO_NULL))
            continue;
        if (kind == ELFIN_STDIO_TTY && console_exists())
            f = open_device(DEVICE_PTS(0), "/dev/pts/0");
        else if (kind == ELFIN_STDIO_NULL)
            f = open_device(DEVICE_NULL, "/dev/null");
        else
            f = open_stream(stream, fd);
        if (!f)
            return -ENOMEM;
        descriptor_put(t, fd, f);
    }
    return 0;
}
