/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The process platform's byte channels: host descriptors.
 *
 * Holds:    for each channel its descriptor, and one of our own where the host lets us open the
 *           same pipe or terminal once more, without blocking.
 * Promises: never blocks, and never makes an inherited descriptor non-blocking: others share its
 *           file description. Where nothing else helps, at most PIPE_BUF bytes are written after
 *           ppoll said there is room, which then cannot block (pipe(7)). The host's errors
 *           (ENOSPC, EPIPE, EIO) are the program's.
 * Locking:  the kernel's own; no call here sleeps.
 * Refuses:  a file offset of its own for regular files: theirs is shared with whoever passed them.
 * See:      open(2) O_NONBLOCK, ppoll(2), send(2) MSG_DONTWAIT, proc(5) /proc/PID/fd.
 */
#include "abi/image/boot_info.h"
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/poll.h"
#include "abi/linux/stat.h"
#include "abi/linux/time.h"
#include "devices/driver.h"
#include "devices/host_stream.h"
#include "devices/stream.h"
#include "lib/printf.h"
#include "platform/process/host.h"
#include "platform/process/idle.h"

#define PIPE_BUF 4096u
#define MEMORY_DEVICES_MAJOR 1u /* /dev/null, zero, full: never block */
#define FLUSH_LOOK_NS 10000000

enum manner {
    MANNER_UNKNOWN,
    MANNER_DIRECT,  /* cannot block: regular file, memory device, our own description */
    MANNER_SOCKET,  /* MSG_DONTWAIT */
    MANNER_CAREFUL, /* ppoll first, small pieces */
};

struct host_stream {
    struct stream stream;
    int inherited, fd;   /* fd: the one to use; -1: the program closed it */
    enum manner manner;
};

static struct host_stream host_streams[CHANNEL_COUNT];

static struct host_stream *of(struct stream *s)
{
    return container_of(s, struct host_stream, stream);
}

/* --- how to talk to a descriptor --- */

static bool try_reopen(struct host_stream *h)
{
    char path[32];
    u32 direction = h->stream.channel == CHANNEL_STDIN ? O_RDONLY : O_WRONLY;
    format_text(path, sizeof path, "/proc/self/fd/%d", h->inherited);
    long fd = host(HOST_openat, HOST_AT_FDCWD, path, direction | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    h->fd = (int)fd;
    return true;
}

static enum manner find_manner(struct host_stream *h)
{
    struct linux_stat st = {0};
    host(HOST_fstat, h->inherited, &st);
    switch (st.st_mode & S_IFMT) {
    case S_IFREG: return MANNER_DIRECT;
    case S_IFSOCK: return MANNER_SOCKET;
    case S_IFCHR:
        if ((st.st_rdev >> 8 & 0xfff) == MEMORY_DEVICES_MAJOR)
            return MANNER_DIRECT;
        break;
    default: break;
    }
    return try_reopen(h) ? MANNER_DIRECT : MANNER_CAREFUL;
}

/* At first use: a program that never reads its stdin costs no call for it. */
static enum manner manner_of(struct host_stream *h)
{
    if (h->manner == MANNER_UNKNOWN)
        h->manner = find_manner(h);
    return h->manner;
}

/* Ready events of one descriptor, now. */
static u32 look(const struct host_stream *h, u32 events, u64 wait_ns)
{
    struct linux_pollfd p = {h->fd, (s16)events, 0};
    struct linux_timespec t = {0, (s64)wait_ns};
    return host(HOST_ppoll, &p, 1, &t, 0, 8) > 0 ? (u32)(u16)p.revents : 0;
}

/* --- struct stream_operations --- */

static long host_stream_read(struct stream *s, void *to, size_t n)
{
    struct host_stream *h = of(s);
    long got;
    if (h->fd < 0)
        return 0;
    enum manner manner = manner_of(h);
    if (manner == MANNER_CAREFUL && !look(h, POLLIN, 0))
        return -EAGAIN;
    do {
        if (manner == MANNER_SOCKET)
            got = host(HOST_recvfrom, h->fd, to, n, HOST_MSG_DONTWAIT, 0, 0);
        else
            got = host(HOST_read, h->fd, to, n);
    } while (got == -EINTR);
    if (got > 0)
        hosted_checkpoint(); /* it is not to be read twice */
    return got;
}

static long host_stream_write(struct stream *s, const void *from, size_t n)
{
    struct host_stream *h = of(s);
    long done;
    if (h->fd < 0)
        return -EPIPE;
    enum manner manner = manner_of(h);
    if (manner == MANNER_CAREFUL) {
        if (!look(h, POLLOUT, 0))
            return -EAGAIN;
        n = min_u64(n, PIPE_BUF);
    }
    do {
        if (manner == MANNER_SOCKET)
            done = host(HOST_sendto, h->fd, from, n, HOST_MSG_DONTWAIT | HOST_MSG_NOSIGNAL, 0, 0);
        else
            done = host(HOST_write, h->fd, from, n);
    } while (done == -EINTR);
    if (done > 0)
        hosted_checkpoint();
    return done == -ECONNRESET ? -EPIPE : done;
}

static bool host_stream_can_read(struct stream *s)
{
    return of(s)->fd < 0 || look(of(s), POLLIN, 0);
}

static bool host_stream_can_write(struct stream *s)
{
    return of(s)->fd < 0 || look(of(s), POLLOUT, 0);
}

static bool host_stream_broken(struct stream *s)
{
    u32 gone = s->channel == CHANNEL_STDIN ? POLLHUP | POLLERR : POLLERR;
    return of(s)->fd < 0 || look(of(s), 0, 0) & gone;
}

/* The host has what was written; this only waits for room, for callers that must write more. */
static void host_stream_flush(struct stream *s)
{
    if (of(s)->fd >= 0)
        look(of(s), POLLOUT, FLUSH_LOOK_NS);
}

/* The program closed its last descriptor: a reader of the pipe shall see the end. The number stays
 * taken, lest the host gives it to something else. */
static void host_stream_shut(struct stream *s)
{
    struct host_stream *h = of(s);
    long null = host(HOST_openat, HOST_AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC);
    if (h->fd < 0 || null < 0)
        return;
    host(HOST_dup2, null, h->inherited);
    host(HOST_close, null);
    if (h->fd != h->inherited)
        host(HOST_close, h->fd);
    h->fd = -1;
}

static const struct stream_operations operations = {
    .read = host_stream_read,
    .write = host_stream_write,
    .can_read = host_stream_can_read,
    .can_write = host_stream_can_write,
    .broken = host_stream_broken,
    .flush = host_stream_flush,
    .shut = host_stream_shut,
};

/* --- the driver --- */

/* Streams that somebody waits for, and what for. */
static unsigned watch(struct linux_pollfd *fds)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CHANNEL_COUNT; i++) {
        struct host_stream *h = &host_streams[i];
        if (!h->stream.operations || h->fd < 0)
            continue;
        u32 events = (list_empty(&h->stream.readable.waiters) ? 0u : POLLIN) |
                     (list_empty(&h->stream.writable.waiters) ? 0u : POLLOUT);
        if (events)
            fds[count++] = (struct linux_pollfd){h->fd, (s16)events, 0};
    }
    return count;
}

static struct host_stream *stream_of_fd(int fd)
{
    for (unsigned i = 0; i < CHANNEL_COUNT; i++)
        if (host_streams[i].stream.operations && host_streams[i].fd == fd)
            return &host_streams[i];
    return NULL;
}

static void poll(void)
{
    struct linux_pollfd fds[HOST_WATCH_MAX];
    struct linux_timespec now = {0, 0};
    unsigned count = watch(fds);
    if (!count || host(HOST_ppoll, fds, count, &now, 0, 8) <= 0)
        return;
    for (unsigned i = 0; i < count; i++) {
        struct host_stream *h = stream_of_fd(fds[i].fd);
        u32 ready = (u32)(u16)fds[i].revents, over = POLLERR | POLLHUP | POLLNVAL;
        if (h && ready & (POLLIN | over))
            wake_all(&h->stream.readable, ready);
        if (h && ready & (POLLOUT | over))
            wake_all(&h->stream.writable, ready);
    }
}

static void add(enum platform_channel channel, int fd)
{
    struct host_stream *h = &host_streams[channel];
    h->stream.operations = &operations;
    h->stream.channel = channel;
    h->inherited = h->fd = fd;
    stream_register(&h->stream);
}

static void start(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (!host_machine.stdio_closed[fd])
            add((enum platform_channel)fd, fd);
    if (host_machine.log_fd >= 0)
        add(CHANNEL_LOG, host_machine.log_fd);
    if (host_machine.control_fd >= 0)
        add(CHANNEL_CONTROL, host_machine.control_fd);
    host_set_watch(watch);
}

const struct driver host_stream_driver = {.name = "host streams", .start = start, .poll = poll};
