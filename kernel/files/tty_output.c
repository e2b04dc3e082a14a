/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line discipline's output side: OPOST, and echo.
 *
 * Promises: a write's bytes go out together: another writer waits until they are gone. Echo never
 *           waits: what finds no room is kept, and goes out first when there is some.
 * See:      termios(3) OPOST, tcflow(3), write(2)
 */
#include "abi/linux/poll.h"
#include "files/tty.h"
#include "task/task.h"

#define CHUNK_BYTES 256u
#define WIDEST 8u                /* what a byte may become: a tab */

static bool is_control(u8 c)
{
    return c < 0x20 || c == 0x7f;
}

static bool is_continuation(const struct tty *t, u8 c)
{
    return tty_input_flag(t, IUTF8) && (c & 0xc0) == 0x80;
}

static void advance(struct tty *t, u8 c)
{
    if (c == '\b')
        t->column -= t->column > 0;
    else if (!is_control(c) && !is_continuation(t, c))
        t->column++;
}

static size_t tab(struct tty *t, u8 *out)
{
    u32 cells = 8 - (t->column & 7);
    t->column += cells;
    if ((t->modes.c_oflag & TABDLY) != XTABS) {
        out[0] = '\t';
        return 1;
    }
    for (u32 n = 0; n < cells; n++)
        out[n] = ' ';
    return cells;
}

static size_t carriage_return(struct tty *t, u8 *out)
{
    if (tty_output_flag(t, ONOCR) && t->column == 0)
        return 0;
    bool newline = tty_output_flag(t, OCRNL);
    if (!newline || tty_output_flag(t, ONLRET))
        t->column = 0;
    out[0] = newline ? '\n' : '\r';
    return 1;
}

/* What OPOST makes of one byte; how many bytes that is. */
static size_t post(struct tty *t, u8 c, u8 *out)
{
    switch (c) {
    case '\n':
        if (tty_output_flag(t, ONLRET) || tty_output_flag(t, ONLCR))
            t->column = 0;
        if (!tty_output_flag(t, ONLCR))
            break;
        out[0] = '\r';
        out[1] = '\n';
        return 2;
    case '\r':
        return carriage_return(t, out);
    case '\t':
        return tab(t, out);
    default:
        if (tty_output_flag(t, OLCUC) && c >= 'a' && c <= 'z')
            c ^= 0x20;
        advance(t, c);
        break;
    }
    out[0] = c;
    return 1;
}

/* --- echo --- */

void tty_flush_echo(struct tty *t)
{
    while (t->echo.used && !tty_is_stopped(t)) {
        size_t n;
        const u8 *bytes = ring_front(&t->echo, &n);
        size_t took = t->driver->write(t, bytes, n);
        ring_drop(&t->echo, took);
        if (took < n)
            return;
    }
}

void tty_echo_bytes(struct tty *t, const char *bytes, size_t n)
{
    if (ring_room(&t->echo) < n)
        ring_drop(&t->echo, n); /* the oldest goes */
    ring_put(&t->echo, bytes, n);
    tty_flush_echo(t);
}

void tty_echo_plain(struct tty *t, u8 c)
{
    u8 out[WIDEST];
    size_t n = 1;
    out[0] = c;
    if (tty_output_flag(t, OPOST))
        n = post(t, c, out);
    tty_echo_bytes(t, (const char *)out, n);
}

void tty_echo(struct tty *t, u8 c)
{
    if (!tty_local_flag(t, ECHOCTL) || !is_control(c) || c == '\t') {
        tty_echo_plain(t, c);
        return;
    }
    char shown[2] = {'^', (char)(c ^ 0100)};
    tty_echo_bytes(t, shown, 2);
    t->column += 2;
}

/* --- flow --- */

void tty_wake_writers(struct tty *t)
{
    wake_all(&t->changed, TTY_WRITABLE);
}

void tty_drained(struct tty *t)
{
    tty_flush_echo(t);
    tty_wake_writers(t);
}

void tty_stop(struct tty *t, bool *why)
{
    bool was = tty_is_stopped(t);
    *why = true;
    if (!was && t->driver->note)
        t->driver->note(t, TIOCPKT_STOP);
}

void tty_start(struct tty *t, bool *why)
{
    bool was = tty_is_stopped(t);
    *why = false;
    if (!was || tty_is_stopped(t))
        return;
    if (t->driver->note)
        t->driver->note(t, TIOCPKT_START);
    tty_drained(t);
}

/* --- write(2) --- */

struct writer {
    struct tty *t;
    struct file *f;
    u8 bytes[CHUNK_BYTES];
    size_t used, at;             /* of bytes */
    bool faulted;
};

static bool is_ours(const struct writer *w)
{
    return w->f->operations == &tty_file_operations;
}

static bool is_hung_up(const struct writer *w)
{
    return !is_ours(w) || w->t->driver->is_gone(w->t);
}

/* Sends what it can of the chunk; false: no room for the next byte. */
static bool send(struct writer *w)
{
    struct tty *t = w->t;
    u8 out[CHUNK_BYTES * 2];
    size_t n = 0, before = w->at, room = tty_is_stopped(t) || t->echo.used ? 0 : t->driver->room(t);
    if (!tty_output_flag(t, OPOST)) {
        size_t took = room ? t->driver->write(t, w->bytes + w->at, w->used - w->at) : 0;
        w->at += took;
        return took != 0;
    }
    room = min_u64(room, sizeof(out));
    while (w->at < w->used && room - n >= WIDEST)
        n += post(t, w->bytes[w->at++], out + n);
    while (w->at < w->used && room - n >= 2 && w->bytes[w->at] != '\t')
        n += post(t, w->bytes[w->at++], out + n);
    if (n)
        t->driver->write(t, out, n);
    return w->at != before;
}

static bool can_send(void *argument)
{
    const struct writer *w = argument;
    const struct tty *t = w->t;
    return is_hung_up(w) || (!tty_is_stopped(t) && !t->echo.used && t->driver->room(t) >= WIDEST);
}

/* 0 when there was progress. */
static int send_or_wait(struct writer *w)
{
    if (is_hung_up(w))
        return -EIO;
    tty_flush_echo(w->t);
    if (send(w))
        return 0;
    if (w->f->flags & O_NONBLOCK)
        return -EAGAIN;
    return wait_until(&w->t->changed, can_send, w, NO_DEADLINE);
}

static long write_all(struct writer *w, struct io *io)
{
    u64 done = 0;
    while (io->remaining) {
        w->at = 0;
        w->used = io_take(io, w->bytes, min_u64(io->remaining, CHUNK_BYTES));
        if (!w->used)
            return done ? (long)done : -EFAULT;
        while (w->at < w->used) {
            int error = send_or_wait(w);
            if (error)
                return done + w->at ? (long)(done + w->at) : error;
        }
        done += w->used;
    }
    return (long)done;
}

static bool is_free(void *argument)
{
    const struct writer *w = argument;
    return !w->t->writing || !is_ours(w);
}

long tty_write(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct writer w = {.t = tty_of(f), .f = f};
    struct tty *t = w.t;
    int error = 0;
    if (tty_local_flag(t, TOSTOP))
        error = tty_check_group(t, SIGTTOU);
    if (!error && t->writing && (f->flags & O_NONBLOCK))
        error = -EAGAIN;
    if (!error)
        error = wait_until(&t->changed, is_free, &w, NO_DEADLINE);
    if (error)
        return error;
    if (!is_ours(&w))
        return -EIO;
    t->writing = true;
    long done = write_all(&w, io);
    t->writing = false;
    tty_wake_writers(t);
    return done;
}
