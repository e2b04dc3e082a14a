/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eventfd: a counter to wait on.
 *
 * See: eventfd(2)
 */
#include "abi/linux/epoll.h"
#include "abi/linux/poll.h"
#include "files/events.h"
#include "files/inode.h"
#include "lib/printf.h"
#include "memory/page.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
    u64 count;
    bool semaphore;
    struct wait_queue changed;
};

static struct eventfd *eventfd_of(const struct file *f)
{
    return f->private_data;
}

static bool has_count(void *arg)
{
    return ((const struct eventfd *)arg)->count != 0;
}

static long eventfd_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct eventfd *e = eventfd_of(f);
    if (io->remaining < sizeof(u64))
        return -EINVAL;
    if (!e->count && (f->flags & O_NONBLOCK))
        return -EAGAIN;
    int error = e->count ? 0 : wait_until(&e->changed, has_count, e, NO_DEADLINE);
    if (error)
        return error;
    u64 value = e->semaphore ? 1 : e->count;
    e->count -= value;
    wake_all(&e->changed, POLLOUT | POLLWRNORM);
    return io_put(io, &value, sizeof(value)) == sizeof(value) ? (long)sizeof(value) : -EFAULT;
}

struct addition {
    const struct eventfd *eventfd;
    u64 value;
};

static bool fits(void *arg)
{
    const struct addition *a = arg;
    return COUNT_MAX - a->eventfd->count >= a->value;
}

static long eventfd_write(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct eventfd *e = eventfd_of(f);
    struct addition a = {.eventfd = e};
    if (io->remaining != sizeof(u64))
        return -EINVAL;
    if (io_take(io, &a.value, sizeof(a.value)) != sizeof(a.value))
        return -EFAULT;
    if (a.value == UINT64_MAX)
        return -EINVAL;
    if (!fits(&a) && (f->flags & O_NONBLOCK))
        return -EAGAIN;
    int error = fits(&a) ? 0 : wait_until(&e->changed, fits, &a, NO_DEADLINE);
    if (error)
        return error;
    e->count += a.value;
    wake_all(&e->changed, POLLIN | POLLRDNORM);
    return (long)sizeof(a.value);
}

static u32 eventfd_poll(struct file *f, struct poll_wait *w)
{
    struct eventfd *e = eventfd_of(f);
    poll_enter(w, &e->changed, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
    return (e->count ? POLLIN : 0u) | (e->count < COUNT_MAX ? POLLOUT : 0u);
}

static void eventfd_close(struct file *f)
{
    heap_free(f->private_data);
}

static size_t describe(struct file *f, char *out, size_t size)
{
    struct eventfd *e = eventfd_of(f);
    int n = format_text(out, size, "eventfd-count: %16llx\neventfd-id: 1\neventfd-semaphore: %d\n",
                        (unsigned long long)e->count, e->semaphore);
    return min_u64((u64)n, size);
}

static const struct file_operations eventfd_operations = {
    .read = eventfd_read, .write = eventfd_write, .seek = file_seek_nowhere,
    .is_stream = true, .kind = "[eventfd]", .poll = eventfd_poll, .close = eventfd_close,
    .describe = describe,
};

int eventfd_open(u64 initial, u32 flags, struct file **out)
{
    struct eventfd *e = heap_alloc_zeroed(sizeof(*e));
    if (!e)
        return -ENOMEM;
    e->count = initial;
    e->semaphore = flags & EFD_SEMAPHORE;
    wait_queue_init(&e->changed);
    *out = anonymous_file(&eventfd_operations, O_RDWR | (flags & O_NONBLOCK), e);
    if (!*out)
        heap_free(e);
    return *out ? 0 : -ENOMEM;
}
