/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The terminal behind the program's streams: /dev/pts/0, /dev/console, /dev/tty of the first
 * session.
 *
 * Holds:    one terminal, whose other side are the streams of stdin and stdout.
 * Promises: with the host's terminal in raw mode (boot information: ELFIN_FLAG_TERMINAL) lines are
 *           edited, echoed and turned into signals here, also while nobody reads. Without it the
 *           host's terminal does that, in its own modes; then modes set here are only kept.
 * See:      tty(4), termios(3)
 */
#include "abi/image/boot_info.h"
#include "abi/linux/poll.h"
#include "files/devices.h"
#include "files/stdio.h"
#include "files/tty.h"
#include "memory/page.h"
#include "task/task.h"

#define OUTPUT_BYTES 8192u
#define TYPED_BYTES 1024u

static struct tty console;
static bool edits;               /* lines are edited here */
static struct ring output, typed;
static struct waiter output_waiter, typed_waiter;
static bool watches_output, watches_typed, busy;
static bool ended;               /* no more input will come */
static struct linux_winsize first_window = {.ws_row = 24, .ws_col = 80};

static struct stream *terminal_stream(enum platform_channel channel)
{
    struct stream *s = stream_get(channel);
    return s && s->stdio_kind == ELFIN_STDIO_TTY ? s : NULL;
}

static struct stream *input_stream(void)
{
    return terminal_stream(CHANNEL_STDIN);
}

static struct stream *output_stream(void)
{
    struct stream *s = terminal_stream(CHANNEL_STDOUT);
    return s ? s : terminal_stream(CHANNEL_STDERR);
}

bool console_exists(void)
{
    return input_stream() || output_stream();
}

/* --- output --- */

static void watch(struct waiter *w, bool *watches, struct wait_queue *q, bool on)
{
    if (on && !*watches)
        wait_enter(q, w);
    else if (!on && *watches)
        wait_leave(w);
    *watches = on;
}

/* As much as the stream takes now; the rest when it has room. */
static void push(void)
{
    struct stream *s = output_stream();
    while (output.used) {
        size_t n;
        const u8 *front = ring_front(&output, &n);
        long took = s ? s->operations->write(s, front, n) : (long)n;
        if (took == -EAGAIN)
            break;
        ring_drop(&output, took > 0 ? (size_t)took : n); /* broken: nobody will see it */
    }
    if (s)
        watch(&output_waiter, &watches_output, &s->writable, output.used != 0);
}

static void output_has_room(unused_arg struct waiter *w, unused_arg u32 events)
{
    push();
    tty_drained(&console);
}

static size_t write_console(unused_arg struct tty *t, const u8 *bytes, size_t n)
{
    size_t took = ring_put(&output, bytes, n);
    push();
    return took;
}

static size_t room(unused_arg const struct tty *t)
{
    return ring_room(&output);
}

static void flush_output(unused_arg struct tty *t)
{
    ring_clear(&output);
}

/* --- input --- */

static void feed(void)
{
    busy = true;
    while (typed.used) {
        size_t n;
        if (!tty_receive(&console, *ring_front(&typed, &n)))
            break;
        ring_drop(&typed, 1);
    }
    busy = false;
}

/* Reads on while there is room for it; the host's buffers hold the rest. */
static void pull(void)
{
    struct stream *s = input_stream();
    u8 bytes[256];
    if (!s || busy)
        return;
    feed();
    while (!typed.used && !ended) {
        long n = s->operations->read(s, bytes, sizeof(bytes));
        if (n == -EAGAIN)
            break;
        if (n <= 0) { /* nobody types any more: as if ^D were the last that was typed */
            bytes[0] = console.modes.c_cc[VEOF];
            n = 1;
            ended = true;
        }
        ring_put(&typed, bytes, (size_t)n);
        feed();
    }
    watch(&typed_waiter, &watches_typed, &s->readable, !typed.used && !ended);
}

static void typed_something(unused_arg struct waiter *w, unused_arg u32 events)
{
    pull();
}

static void input_taken(unused_arg struct tty *t)
{
    if (typed.used)
        pull();
}

static bool is_gone(unused_arg const struct tty *t)
{
    return false; /* a hang-up changes its open files */
}

static void closed(unused_arg struct tty *t)
{
    /* It stays. */
}

static const struct tty_driver driver = {
    .write = write_console, .room = room, .flush_output = flush_output,
    .input_taken = input_taken, .is_gone = is_gone, .closed = closed,
};

/* --- the host edits: its bytes pass as they are --- */

static long pass_in(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct stream *s = input_stream();
    int error = tty_check_group(&console, SIGTTIN);
    if (error)
        return error;
    return s ? stream_file_read(s, f, io) : 0;
}

static long pass_out(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct stream *s = output_stream();
    return s ? stream_file_write(s, f, io) : -EIO;
}

static u32 poll_streams(unused_arg struct file *f, struct poll_wait *w)
{
    struct stream *in = input_stream(), *out = output_stream();
    u32 ready = 0;
    if (in) {
        poll_enter(w, &in->readable, TTY_READABLE);
        if (in->operations->can_read(in))
            ready |= TTY_READABLE;
    }
    if (out) {
        poll_enter(w, &out->writable, TTY_WRITABLE);
        if (out->operations->can_write(out))
            ready |= TTY_WRITABLE;
    }
    return ready;
}

static const struct file_operations passing_operations = {
    .read = pass_in, .write = pass_out, .poll = poll_streams, .ioctl = tty_ioctl,
    .close = tty_close,
};

/* --- opening --- */

static int prepare(void)
{
    if (console.driver)
        return 0;
    edits = files_boot_flags() & ELFIN_FLAG_TERMINAL;
    output = (struct ring){.bytes = heap_alloc(OUTPUT_BYTES), .size = OUTPUT_BYTES};
    typed = (struct ring){.bytes = heap_alloc(TYPED_BYTES), .size = TYPED_BYTES};
    if (!output.bytes || !typed.bytes || tty_init(&console, &driver, DEVICE_PTS(0)))
        return -ENOMEM;
    console.window = first_window;
    if (!edits)
        console.operations = &passing_operations;
    output_waiter.on_wake = output_has_room;
    typed_waiter.on_wake = typed_something;
    struct stream *in = input_stream();
    if (edits && in)
        watch(&typed_waiter, &watches_typed, &in->readable, true);
    return 0;
}

int console_open(struct file *f)
{
    if (!console_exists())
        return -ENXIO;
    int error = prepare();
    if (error)
        return error;
    return tty_attach(&console, f);
}

struct inode *console_inode(void)
{
    static struct inode *i;
    if (!i)
        i = devpts_create(0);
    return i;
}

bool files_set_window(u16 rows, u16 columns)
{
    struct linux_winsize w = {.ws_row = rows, .ws_col = columns};
    if (console.driver)
        tty_set_window(&console, &w);
    else
        first_window = w;
    return console.session;
}
