/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pseudo-terminals.
 *
 * Holds:    pairs by number. The slave is a terminal; the master is what types into it and sees its
 *           output.
 * Promises: when the master is closed the slave is hung up; when the last slave is closed the
 *           master reads what is left and then EIO, until a slave is opened again. The pair lives
 *           until both sides are closed.
 * See:      pty(7), pts(4), ioctl_tty(2)
 */
#include "abi/linux/poll.h"
#include "files/devices.h"
#include "files/tty.h"
#include "memory/page.h"
#include "task/task.h"

/* What Linux's buffers between the two sides hold. */
#define OUTPUT_BYTES 12288u
#define TYPED_BYTES 8192u
#define MASTER_READ_MOST 4095u

struct pty {
    struct tty tty;              /* the slave */
    u32 number;
    struct inode *inode;         /* held: the slave's, in /dev/pts */
    struct ring output;          /* the slave's, for the master */
    struct ring typed;           /* the master's, before the line discipline */
    struct wait_queue master_changed;
    bool master_open, locked, feeding;
    bool slave_was_open;         /* and is closed now: reads of the master are EIO */
    bool packets;                /* TIOCPKT */
    u8 notes;                    /* TIOCPKT_*: what the master is to hear */
};

static struct pty **pairs;       /* by number */
static u32 pairs_size;

static struct pty *pty_of(const struct tty *t)
{
    return container_of(t, struct pty, tty);
}

static struct pty *find(u32 number)
{
    return number < pairs_size ? pairs[number] : NULL;
}

/* --- the slave's driver --- */

static void tell_master(struct pty *p, u32 events)
{
    wake_all(&p->master_changed, events);
}

static size_t slave_write(struct tty *t, const u8 *bytes, size_t n)
{
    struct pty *p = pty_of(t);
    size_t took = ring_put(&p->output, bytes, n);
    if (took)
        tell_master(p, TTY_READABLE);
    return took;
}

static size_t slave_room(const struct tty *t)
{
    return ring_room(&pty_of(t)->output);
}

/* As on Linux, what the master's side has taken over is not lost. */
static void flush_output(struct tty *t)
{
    struct ring *output = &pty_of(t)->output;
    output->used = (u32)min_u64(output->used, MASTER_READ_MOST);
}

/* Typed bytes into the line discipline, as far as it takes them. */
static void feed(struct pty *p)
{
    bool took = false;
    if (p->feeding) /* the line discipline itself was flushed by what was typed */
        return;
    p->feeding = true;
    while (p->typed.used) {
        size_t n;
        if (!tty_receive(&p->tty, *ring_front(&p->typed, &n)))
            break;
        ring_drop(&p->typed, p->typed.used ? 1 : 0);
        took = true;
    }
    p->feeding = false;
    if (took)
        tell_master(p, TTY_WRITABLE);
}

static void input_taken(struct tty *t)
{
    feed(pty_of(t));
}

static void note(struct tty *t, u8 what)
{
    struct pty *p = pty_of(t);
    static const u8 opposites[][2] = {
        {TIOCPKT_STOP, TIOCPKT_START}, {TIOCPKT_NOSTOP, TIOCPKT_DOSTOP},
    };
    if (!p->packets)
        return;
    for (unsigned n = 0; n < ARRAY_SIZE(opposites); n++)
        for (unsigned side = 0; side < 2; side++)
            if (what & opposites[n][side])
                p->notes &= (u8)~opposites[n][1 - side];
    p->notes |= what;
    tell_master(p, POLLPRI | TTY_READABLE);
}

static bool master_is_gone(const struct tty *t)
{
    return !pty_of(t)->master_open;
}

static void destroy(struct pty *p)
{
    pairs[p->number] = NULL;
    tty_release(&p->tty);
    inode_drop(p->inode);
    heap_free(p->output.bytes);
    heap_free(p->typed.bytes);
    heap_free(p);
}

static void slave_closed(struct tty *t)
{
    struct pty *p = pty_of(t);
    p->slave_was_open = true;
    if (p->master_open)
        tell_master(p, TTY_READABLE | POLLHUP);
    else
        destroy(p);
}

static const struct tty_driver slave_driver = {
    .write = slave_write, .room = slave_room, .flush_output = flush_output,
    .input_taken = input_taken, .note = note, .is_gone = master_is_gone, .closed = slave_closed,
};

int pty_open(struct file *f, u32 number)
{
    struct pty *p = find(number);
    if (!p || !p->master_open || p->locked)
        return -EIO;
    int error = tty_attach(&p->tty, f);
    if (!error)
        p->slave_was_open = false;
    return error;
}

struct inode *pty_inode(u32 number)
{
    struct pty *p = find(number);
    return p && p->master_open ? p->inode : NULL;
}

s32 pty_next(s32 after)
{
    for (u32 n = (u32)(after + 1); n < pairs_size; n++)
        if (pty_inode(n))
            return (s32)n;
    return -1;
}

/* --- the master --- */

static struct pty *master_of(const struct file *f)
{
    return f->private_data;
}

static bool has_output(void *argument)
{
    const struct pty *p = argument;
    return p->output.used || p->slave_was_open || (p->packets && p->notes);
}

static bool put_byte(struct io *io, u8 byte)
{
    return io_put(io, &byte, 1) == 1;
}

static size_t take_output(struct pty *p, struct io *io)
{
    size_t done = 0, most = min_u64(io->remaining, MASTER_READ_MOST);
    while (done < most && p->output.used) {
        size_t n;
        const u8 *front = ring_front(&p->output, &n);
        n = min_u64(n, most - done);
        size_t moved = io_put(io, front, n);
        ring_drop(&p->output, moved);
        done += moved;
        if (moved < n)
            break;
    }
    return done;
}

/* In packet mode a byte goes before: what happened, or TIOCPKT_DATA. */
static long read_packet(struct pty *p, struct io *io)
{
    u8 notes = p->notes;
    if (notes) {
        p->notes = 0;
        return put_byte(io, notes) ? 1 : -EFAULT;
    }
    if (!put_byte(io, TIOCPKT_DATA))
        return -EFAULT;
    return 1 + (long)take_output(p, io);
}

static long master_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct pty *p = master_of(f);
    if (!io->remaining)
        return 0;
    if (!has_output(p)) {
        if (f->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = wait_until(&p->master_changed, has_output, p, NO_DEADLINE);
        if (error)
            return error;
    }
    if (!p->output.used && !(p->packets && p->notes))
        return -EIO; /* the last slave was closed */
    long done = p->packets ? read_packet(p, io) : (long)take_output(p, io);
    tty_drained(&p->tty);
    return done ? done : -EFAULT;
}

static bool has_room(void *argument)
{
    return ring_room(&((struct pty *)argument)->typed) != 0;
}

static long master_write(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct pty *p = master_of(f);
    u64 done = 0;
    while (io->remaining) {
        u8 bytes[256];
        if (!has_room(p)) {
            int error = f->flags & O_NONBLOCK
                            ? -EAGAIN : wait_until(&p->master_changed, has_room, p, NO_DEADLINE);
            if (error)
                return done ? (long)done : error;
        }
        size_t n = min_u64(min_u64(io->remaining, sizeof(bytes)), ring_room(&p->typed));
        size_t took = io_take(io, bytes, n);
        ring_put(&p->typed, bytes, took);
        feed(p);
        done += took;
        if (took < n)
            return done ? (long)done : -EFAULT;
    }
    return (long)done;
}

static u32 master_poll(struct file *f, struct poll_wait *w)
{
    struct pty *p = master_of(f);
    u32 ready = 0;
    poll_enter(w, &p->master_changed, TTY_READABLE | TTY_WRITABLE | POLLPRI);
    if (p->output.used)
        ready |= TTY_READABLE;
    if (p->packets && p->notes)
        ready |= POLLPRI | TTY_READABLE;
    if (has_room(p))
        ready |= TTY_WRITABLE;
    return p->slave_was_open ? ready | POLLHUP : ready;
}

static long open_peer(struct pty *p, u32 flags)
{
    struct path_node *n = devpts_node(p->number);
    if (!n)
        return -ENOMEM;
    struct file *f = file_create(NULL, p->inode, flags & (O_ACCMODE | O_NONBLOCK));
    if (!f) {
        node_drop(n);
        return -ENOMEM;
    }
    f->path = n;
    int error = p->locked ? -EIO : tty_attach(&p->tty, f);
    if (error) {
        file_drop(f);
        return error;
    }
    p->slave_was_open = false;
    tty_opened(f, flags);
    return descriptor_install(f, 0, flags & O_CLOEXEC);
}

static long set_flag(bool *flag, struct user_ptr from)
{
    u32 value;
    if (read_program_u32(&value, from))
        return -EFAULT;
    *flag = value;
    return 0;
}

static long send_signal(struct pty *p, u64 signal)
{
    if (signal != SIGINT && signal != SIGQUIT && signal != SIGTSTP)
        return -EINVAL;
    tty_signal_group(p->tty.foreground, (int)signal);
    return 0;
}

/* Seen from here, input is the slave's output. Who waits for room has it now. */
static long flush_master(struct pty *p, u64 what)
{
    if (what > TCIOFLUSH)
        return -EINVAL;
    if (what != TCOFLUSH) {
        ring_clear(&p->output);
        tty_drained(&p->tty);
    }
    if (what != TCIFLUSH) {
        ring_clear(&p->typed);
        tell_master(p, TTY_WRITABLE);
    }
    return 0;
}

static long master_only(struct pty *p, u32 request, struct user_ptr argument, u64 value)
{
    switch (request) {
    case TIOCGPTN:
        return write_program_u32(argument, p->number);
    case TIOCSPTLCK:
        return set_flag(&p->locked, argument);
    case TIOCGPTLCK:
        return write_program_u32(argument, p->locked);
    case TIOCPKT:
        p->notes = 0;
        return set_flag(&p->packets, argument);
    case TIOCGPKT:
        return write_program_u32(argument, p->packets);
    case TIOCGPTPEER:
        return open_peer(p, (u32)value);
    case TIOCSIG:
        return send_signal(p, value);
    case FIONREAD:
        return write_program_u32(argument, p->output.used);
    case TIOCOUTQ:
        return write_program_u32(argument, 0);
    case TCFLSH:
        return flush_master(p, value);
    default:
        return -ENOTTY;
    }
}

static long master_ioctl(struct file *f, u32 request, struct user_ptr argument, u64 value)
{
    struct pty *p = master_of(f);
    long result = master_only(p, request, argument, value);
    if (result == -ENOTTY)
        result = tty_modes_ioctl(&p->tty, request, argument, value);
    if (result == -ENOTTY)
        result = tty_session_ioctl(&p->tty, f, true, request, argument, value);
    return result;
}

static void master_close(struct file *f)
{
    struct pty *p = master_of(f);
    p->master_open = false;
    tty_hang_up(&p->tty);
    if (list_empty(&p->tty.files))
        destroy(p);
}

static const struct file_operations master_operations = {
    .read = master_read, .write = master_write, .poll = master_poll, .ioctl = master_ioctl,
    .close = master_close,
};

/* --- making a pair --- */

static int reserve_number(u32 *number)
{
    u32 n = console_exists() ? 1 : 0; /* the host's terminal is /dev/pts/0 */
    while (n < pairs_size && pairs[n])
        n++;
    if (n >= PTY_MOST)
        return -ENOSPC;
    if (n >= pairs_size) {
        u32 size = pairs_size ? 2 * pairs_size : 16;
        struct pty **bigger = heap_resize(pairs, size * sizeof(*pairs));
        if (!bigger)
            return -ENOMEM;
        for (u32 i = pairs_size; i < size; i++)
            bigger[i] = NULL;
        pairs = bigger;
        pairs_size = size;
    }
    *number = n;
    return 0;
}

static struct pty *create(u32 number)
{
    struct pty *p = heap_alloc_zeroed(sizeof(*p));
    if (!p)
        return NULL;
    p->number = number;
    p->master_open = p->locked = true;
    p->output = (struct ring){.bytes = heap_alloc(OUTPUT_BYTES), .size = OUTPUT_BYTES};
    p->typed = (struct ring){.bytes = heap_alloc(TYPED_BYTES), .size = TYPED_BYTES};
    wait_queue_init(&p->master_changed);
    int error = tty_init(&p->tty, &slave_driver, DEVICE_PTS(number));
    pairs[number] = p;
    if (!error)
        p->inode = devpts_create(number);
    if (p->output.bytes && p->typed.bytes && p->inode)
        return p;
    if (error)
        p->tty = (struct tty){0};
    destroy(p);
    return NULL;
}

int ptmx_open(struct file *f)
{
    u32 number;
    int error = reserve_number(&number);
    if (error)
        return error;
    struct pty *p = create(number);
    if (!p)
        return -ENOMEM;
    f->private_data = p;
    f->operations = &master_operations;
    return 0;
}
