/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets as open files, and what all families do alike: read and write, waiting, errors.
 *
 * Promises: a call that a signal ends is restarted when it had no timeout, and is EINTR when it
 *           had one.
 * See:      socket(2), socket(7), signal(7)
 */
#include "net/socket.h"

#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/ioctl.h"
#include "abi/linux/poll.h"
#include "files/socket_file.h"
#include "memory/page.h"
#include "task/task.h"
#include "time/timer.h"

#define BUFFER_BYTES 212992 /* net.core.wmem_default */

static const struct socket_family *const families[] = {&unix_family};

void socket_init(struct socket *s, const struct socket_operations *operations, u16 family,
                 u16 type)
{
    *s = (struct socket){
        .operations = operations, .family = family, .type = type,
        .send_timeout_ns = NO_DEADLINE, .receive_timeout_ns = NO_DEADLINE,
        .send_bytes = BUFFER_BYTES, .receive_bytes = BUFFER_BYTES, .receive_low = 1,
        .peek_offset = -1,
    };
    wait_queue_init(&s->changed);
}

/* --- waiting --- */

u64 socket_deadline(u64 timeout_ns, u32 flags)
{
    u64 now_ns = clock_monotonic_ns();
    if (flags & MSG_DONTWAIT)
        return 0;
    return timeout_ns >= NO_DEADLINE - now_ns ? NO_DEADLINE : now_ns + timeout_ns;
}

int socket_wait(struct wait_queue *q, bool (*condition)(void *argument), void *argument,
                u64 deadline_ns)
{
    if (condition(argument))
        return 0;
    if (!deadline_ns)
        return -EAGAIN;
    int error = wait_until(q, condition, argument, deadline_ns);
    if (error == -ETIMEDOUT)
        return -EAGAIN;
    return error == -ERESTARTSYS && deadline_ns != NO_DEADLINE ? -EINTR : error;
}

int socket_take_error(struct socket *s)
{
    int error = s->error;
    s->error = 0;
    return -error;
}

/* --- as a file --- */

static struct socket *of(const struct file *f)
{
    return f->private_data;
}

long socket_send(struct file *f, struct message *m)
{
    struct socket *s = of(f);
    if (f->flags & O_NONBLOCK)
        m->flags |= MSG_DONTWAIT;
    return s->operations->send ? s->operations->send(s, m) : -EOPNOTSUPP;
}

long socket_receive(struct file *f, struct message *m)
{
    struct socket *s = of(f);
    if (f->flags & O_NONBLOCK)
        m->flags |= MSG_DONTWAIT;
    return s->operations->receive ? s->operations->receive(s, m) : -EOPNOTSUPP;
}

static long transfer(struct file *f, struct io *io, long (*move)(struct file *, struct message *))
{
    struct message m = {.io = io};
    long done = move(f, &m);
    ancillary_drop(&m.ancillary);
    return done;
}

static long read_socket(struct file *f, struct io *io, unused_arg u64 *offset)
{
    return io->remaining ? transfer(f, io, socket_receive) : 0;
}

static long write_socket(struct file *f, struct io *io, unused_arg u64 *offset)
{
    return transfer(f, io, socket_send);
}

static u32 poll_socket(struct file *f, struct poll_wait *w)
{
    return of(f)->operations->poll(of(f), w);
}

static long control_socket(struct file *f, u32 request, struct user_ptr argument,
                           unused_arg u64 value)
{
    const struct socket_operations *o = of(f)->operations;
    return o->ioctl ? o->ioctl(of(f), request, argument) : -ENOTTY;
}

static void close_socket(struct file *f)
{
    struct socket *s = of(f);
    if (!s)
        return;
    s->operations->close(s);
}

static const struct file_operations socket_file_operations = {
    .read = read_socket, .write = write_socket, .poll = poll_socket, .ioctl = control_socket,
    .close = close_socket, .is_stream = true,
};

struct file *socket_file(struct socket *s, u32 flags)
{
    struct file *f = socket_file_create(&socket_file_operations, flags, s);
    if (!f) {
        s->operations->close(s); /* which frees it */
        return NULL;
    }
    s->file = f;
    return f;
}

struct socket *file_socket(const struct file *f)
{
    return f->operations == &socket_file_operations ? of(f) : NULL;
}

struct socket *socket_of(int fd, struct file **f, int *error)
{
    *f = descriptor_file(fd);
    struct socket *s = *f ? file_socket(*f) : NULL;
    if (s)
        return s;
    *error = *f ? -ENOTSOCK : -EBADF;
    file_drop(*f);
    return NULL;
}

/* --- making --- */

static const struct socket_family *family_of(int family, u32 type, int *error)
{
    *error = -EAFNOSUPPORT;
    if (family < 0 || family >= LINUX_AF_MAX)
        return NULL;
    if (type >= LINUX_SOCK_MAX) {
        *error = -EINVAL;
        return NULL;
    }
    for (unsigned n = 0; n < ARRAY_SIZE(families); n++)
        if (families[n]->family == family)
            return families[n];
    return NULL;
}

int socket_create(int family, u32 type, int protocol, struct socket **out)
{
    int error;
    const struct socket_family *f = family_of(family, type, &error);
    return f ? f->create(type, protocol, out) : error;
}

int socket_pair(int family, u32 type, int protocol, struct socket *out[2])
{
    int error;
    const struct socket_family *f = family_of(family, type, &error);
    if (!f)
        return error;
    return f->create_pair ? f->create_pair(type, protocol, out) : -EOPNOTSUPP;
}
