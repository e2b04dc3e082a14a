/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes between program memory and a stream.
 *
 * Promises: a blocking write writes all unless a signal, a fault or a broken stream ends it early;
 *           a read gives what is there. A broken stream is EPIPE and SIGPIPE.
 * Locking:  the bounce buffer is filled and emptied without sleeping in between.
 * See:      pipe(7), write(2)
 */
#include "files/stdio.h"

#define BOUNCE_BYTES 16384

static u8 bounce[BOUNCE_BYTES];

static bool can_read(void *arg)
{
    struct stream *s = arg;
    return s->operations->can_read(s);
}

static bool can_write(void *arg)
{
    struct stream *s = arg;
    return s->operations->can_write(s);
}

long stream_file_read(struct stream *s, struct file *f, struct io *io)
{
    if (io->remaining == 0)
        return 0;
    for (;;) {
        long n = s->operations->read(s, bounce, min_u64(io->remaining, BOUNCE_BYTES));
        if (n > 0) {
            size_t moved = io_put(io, bounce, (size_t)n);
            return moved ? (long)moved : -EFAULT;
        }
        if (n != -EAGAIN)
            return n;
        if (f->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = wait_until(&s->readable, can_read, s, NO_DEADLINE);
        if (error)
            return error;
    }
}

/* All n bytes of the bounce buffer; fewer, or -errno, when something ends it. */
static long write_bounce(struct stream *s, struct file *f, size_t n)
{
    size_t done = 0;
    while (done < n) {
        long wrote = s->operations->write(s, bounce + done, n - done);
        if (wrote >= 0) {
            done += (size_t)wrote;
            continue;
        }
        int error = (int)wrote;
        if (error == -EAGAIN && !(f->flags & O_NONBLOCK)) {
            if (done) /* the buffer is everyone's: let the caller fill it again after the wait */
                return (long)done;
            error = wait_until(&s->writable, can_write, s, NO_DEADLINE);
            return error ? error : -EAGAIN;
        }
        if (error == -EPIPE)
            signal_send_thread(current_thread(), SIGPIPE, NULL);
        return done ? (long)done : error;
    }
    return (long)done;
}

long stream_file_write(struct stream *s, struct file *f, struct io *io)
{
    u64 done = 0;
    while (io->remaining) {
        struct io before = *io;
        size_t n = io_take(io, bounce, min_u64(io->remaining, BOUNCE_BYTES));
        if (n == 0)
            return done ? (long)done : -EFAULT;
        long wrote = write_bounce(s, f, n);
        bool waited = wrote == -EAGAIN && !(f->flags & O_NONBLOCK);
        if (wrote < 0 && !waited)
            return done ? (long)done : wrote;
        if (waited)
            wrote = 0;
        if ((size_t)wrote < n) { /* take back what was not written */
            *io = before;
            io_take(io, bounce, (size_t)wrote);
            if (f->flags & O_NONBLOCK)
                return (long)(done + (u64)wrote);
        }
        done += (u64)wrote;
    }
    return (long)done;
}
