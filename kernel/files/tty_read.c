/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading from a terminal.
 *
 * Promises: canonical: at most one line, VEOF is the end of it and not part of it. Otherwise VMIN
 *           and VTIME decide when a read is over.
 * See:      termios(3) "Canonical and noncanonical mode"
 */
#include "abi/linux/poll.h"
#include "files/tty.h"
#include "task/task.h"
#include "time/timer.h"

#define MASK (TTY_INPUT_BYTES - 1)
#define TENTH_NS 100000000ull

static bool ends_line(const struct tty *t, u32 at)
{
    at &= MASK;
    return t->line_ends[at / 64] >> at % 64 & 1;
}

static bool is_end_of_file(const struct tty *t, u32 at)
{
    return ends_line(t, at) && !t->input[at & MASK];
}

bool tty_has_input(const struct tty *t, bool for_poll)
{
    u32 least = 1;
    if (tty_is_canonical(t))
        return t->canon_head != t->tail;
    if (for_poll && !t->modes.c_cc[VTIME] && t->modes.c_cc[VMIN])
        least = t->modes.c_cc[VMIN];
    return t->head - t->tail >= least;
}

u32 tty_unread(const struct tty *t)
{
    u32 count = 0;
    if (!tty_is_canonical(t))
        return t->head - t->tail;
    for (u32 at = t->tail; at != t->canon_head; at++)
        count += !is_end_of_file(t, at);
    return count;
}

/* Copies [tail, tail + n) and takes it. Bytes moved. */
static size_t take(struct tty *t, struct io *io, size_t n)
{
    size_t done = 0;
    while (done < n) {
        u32 at = t->tail & MASK;
        size_t part = min_u64(n - done, TTY_INPUT_BYTES - at);
        size_t moved = io_put(io, t->input + at, part);
        t->tail += (u32)moved;
        done += moved;
        if (moved < part)
            break;
    }
    return done;
}

/* One line, or as much of it as is wanted. *fault. */
static size_t take_line(struct tty *t, struct io *io, bool *fault)
{
    size_t n = 0;
    while (n < io->remaining && t->tail + n != t->canon_head) {
        u32 at = t->tail + (u32)n;
        if (is_end_of_file(t, at))
            break;
        n++;
        if (ends_line(t, at))
            break;
    }
    size_t done = take(t, io, n);
    *fault = done < n;
    bool at_end = !*fault && t->tail != t->canon_head && is_end_of_file(t, t->tail);
    if (at_end && !(n && ends_line(t, t->tail - 1)))
        t->tail++; /* it ended the line that was read */
    return done;
}

struct reader {
    struct tty *t;
    struct file *f;
    u64 done, least;
    u64 deadline_ns, between_ns; /* of the whole read; VTIME between bytes, 0: none */
    bool fault, over;
};

static bool is_ours(const struct reader *r)
{
    return r->f->operations == &tty_file_operations;
}

static bool has_news(void *argument)
{
    const struct reader *r = argument;
    return !is_ours(r) || tty_has_input(r->t, false) || r->t->driver->is_gone(r->t);
}

static u64 after(u64 ns)
{
    return clock_monotonic_ns() + ns;
}

static void set_limits(struct reader *r)
{
    u64 time_ns = r->t->modes.c_cc[VTIME] * TENTH_NS;
    u8 least = r->t->modes.c_cc[VMIN];
    r->deadline_ns = NO_DEADLINE;
    r->least = 1;
    if (tty_is_canonical(r->t))
        return;
    if (least) {
        r->least = least;
        r->between_ns = time_ns;
    } else {
        r->deadline_ns = time_ns ? after(time_ns) : 0;
    }
}

/* 0: look again; 1: the read is over. */
static int wait_for_input(struct reader *r)
{
    if (!is_ours(r) || r->t->driver->is_gone(r->t))
        return -EIO; /* hung up while it read; a read that comes later is at the end */
    if (!r->deadline_ns)
        return 1;
    if (r->f->flags & O_NONBLOCK)
        return -EAGAIN;
    int error = wait_until(&r->t->changed, has_news, r, r->deadline_ns);
    return error == -ETIMEDOUT ? 1 : error;
}

static void read_some(struct reader *r, struct io *io)
{
    struct tty *t = r->t;
    if (tty_is_canonical(t)) {
        r->done += take_line(t, io, &r->fault);
        r->over = true;
    } else {
        size_t n = min_u64(t->head - t->tail, io->remaining), done = take(t, io, n);
        t->canon_head = t->tail;
        r->done += done;
        r->fault = done < n;
        r->over = r->fault || r->done >= r->least || !io->remaining;
        if (r->between_ns)
            r->deadline_ns = after(r->between_ns);
    }
    t->driver->input_taken(t);
}

long tty_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct reader r = {.t = tty_of(f), .f = f};
    int error = tty_check_group(r.t, SIGTTIN);
    if (error || !io->remaining)
        return error;
    set_limits(&r);
    while (!r.over && !error) {
        if (is_ours(&r) && tty_has_input(r.t, false))
            read_some(&r, io);
        else
            error = wait_for_input(&r);
    }
    if (r.fault && !r.done)
        return -EFAULT;
    return r.done || error > 0 ? (long)r.done : error;
}
