/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The terminal behind the program's streams: /dev/pts/0, /dev/tty, /dev/console.
 *
 * Holds:    attributes, window size, foreground process group.
 * Promises: answers what a terminal answers. Editing, echo and keys that send signals are done by
 *           the host's terminal, which stays in its own mode.
 * Refuses:  modes are kept and reported, but raw mode does not reach the host's terminal yet.
 * See:      ioctl_tty(2), termios(3), tty(4)
 */
#include "abi/linux/ioctl.h"
#include "abi/linux/poll.h"
#include "abi/image/boot_info.h"
#include "files/devices.h"
#include "files/stdio.h"

static struct linux_termios modes = {
    .c_iflag = ICRNL | IXON,
    .c_oflag = OPOST | ONLCR,
    .c_cflag = B38400 | CS8 | CREAD,
    .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
    .c_cc = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0},
};
static struct linux_winsize window = {.ws_row = 24, .ws_col = 80};
static s32 foreground; /* process group; 0: the first process's */

static struct stream *terminal_stream(enum platform_channel channel)
{
    struct stream *s = stream_get(channel);
    return s && s->stdio_kind == ELFIN_STDIO_TTY ? s : NULL;
}

static struct stream *input(void)
{
    return terminal_stream(CHANNEL_STDIN);
}

static struct stream *output(void)
{
    struct stream *s = terminal_stream(CHANNEL_STDOUT);
    return s ? s : terminal_stream(CHANNEL_STDERR);
}

bool tty_exists(void)
{
    return input() || output();
}

void files_set_window(u16 rows, u16 columns)
{
    window.ws_row = rows;
    window.ws_col = columns;
}

static long tty_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct stream *s = input();
    return s ? stream_file_read(s, f, io) : 0;
}

static long tty_write(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct stream *s = output();
    return s ? stream_file_write(s, f, io) : -EIO;
}

static u32 tty_poll(unused_arg struct file *f, struct poll_wait *w)
{
    struct stream *in = input(), *out = output();
    u32 ready = 0;
    if (in) {
        poll_enter(w, &in->readable, POLLIN | POLLRDNORM);
        if (in->operations->can_read(in))
            ready |= POLLIN | POLLRDNORM;
    }
    if (out) {
        poll_enter(w, &out->writable, POLLOUT | POLLWRNORM);
        if (out->operations->can_write(out))
            ready |= POLLOUT | POLLWRNORM;
    }
    return ready;
}

static long group_of_terminal(struct user_ptr argument)
{
    s32 group = foreground ? foreground : 1;
    return write_program_u32(argument, (u32)group);
}

static long set_group(struct user_ptr argument)
{
    u32 group;
    int error = read_program_u32(&group, argument);
    if (error)
        return error;
    if ((s32)group < 0)
        return -EINVAL;
    foreground = (s32)group;
    return 0;
}

static long tty_ioctl(unused_arg struct file *f, u32 request, struct user_ptr argument,
                      unused_arg u64 value)
{
    switch (request) {
    case TCGETS:
        return copy_to_program(argument, &modes, sizeof(modes));
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
        return copy_from_program(&modes, argument, sizeof(modes));
    case TIOCGWINSZ:
        return copy_to_program(argument, &window, sizeof(window));
    case TIOCSWINSZ:
        return copy_from_program(&window, argument, sizeof(window));
    case TIOCGPGRP:
        return group_of_terminal(argument);
    case TIOCSPGRP:
        return set_group(argument);
    case TIOCGSID:
        return write_program_u32(argument, 1);
    case TIOCSCTTY:
    case TCSBRK:
    case TCFLSH:
    case TCXONC:
        return 0;
    case TIOCOUTQ:
    case FIONREAD:
        return write_program_u32(argument, 0);
    case TIOCGPTN:
    default:
        return -ENOTTY;
    }
}

const struct file_operations tty_file_operations = {
    .read = tty_read, .write = tty_write, .poll = tty_poll, .ioctl = tty_ioctl,
};

int tty_open(struct file *f)
{
    if (!tty_exists())
        return f->inode->rdev == DEVICE_PTS0 ? -EIO : -ENXIO;
    f->operations = &tty_file_operations;
    return 0;
}
