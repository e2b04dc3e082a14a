/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A terminal's modes and window: termios in its three forms, flushing, flow, winsize.
 *
 * Promises: a change of ICANON leaves what was typed readable, as Linux does. Changes by a
 *           background process send SIGTTOU.
 * See:      ioctl_tty(2), termios(3)
 */
#include "files/tty.h"
#include "lib/string.h"

#define MASK (TTY_INPUT_BYTES - 1)

static const u32 speeds[] = {0,    50,   75,   110,   134,   150,   200,  300,
                             600,  1200, 1800, 2400,  4800,  9600,  19200, 38400};
static const u32 fast_speeds[] = {0,       57600,   115200,  230400,  460800,  500000,
                                  576000,  921600,  1000000, 1152000, 1500000, 2000000,
                                  2500000, 3000000, 3500000, 4000000};
#define SPEED_BITS 017

void tty_reset_modes(struct tty *t)
{
    t->modes = (struct linux_termios2){
        .c_iflag = ICRNL | IXON,
        .c_oflag = OPOST | ONLCR,
        .c_cflag = B38400 | CS8 | CREAD,
        .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
        .c_cc = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0},
        .c_ispeed = 38400, .c_ospeed = 38400,
    };
}

/* What was typed so far becomes a line, or what is left of one becomes plain bytes. */
static void change_canonical(struct tty *t)
{
    memset(t->line_ends, 0, sizeof(t->line_ends));
    t->canon_head = t->tail;
    if (tty_is_canonical(t) && t->head != t->tail) {
        u32 last = (t->head - 1) & MASK;
        t->line_ends[last / 64] |= 1ull << last % 64;
        t->canon_head = t->head;
    }
    t->literal_next = false;
}

/* TIOCPKT: the other side hears when ^S and ^Q begin or cease to work. */
static void note_flow(struct tty *t, const struct linux_termios2 *old)
{
    const struct linux_termios2 *now = &t->modes;
    bool was = (old->c_iflag & IXON) && old->c_cc[VSTOP] == 023 && old->c_cc[VSTART] == 021;
    bool is = (now->c_iflag & IXON) && now->c_cc[VSTOP] == 023 && now->c_cc[VSTART] == 021;
    if (t->driver->note && was != is)
        t->driver->note(t, is ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP);
}

static void set_modes(struct tty *t, const struct linux_termios2 *wanted)
{
    struct linux_termios2 old = t->modes;
    t->modes = *wanted;
    t->modes.c_cflag = (wanted->c_cflag & ~(u32)(CSIZE | PARENB)) | CS8 | CREAD;
    if ((old.c_lflag ^ t->modes.c_lflag) & ICANON)
        change_canonical(t);
    if (!tty_input_flag(t, IXON) && (old.c_iflag & IXON) && t->stopped)
        tty_start(t, &t->stopped);
    note_flow(t, &old);
    wake_all(&t->changed, 0);
}

static void set_speeds(struct linux_termios2 *m)
{
    u32 rate = m->c_cflag & CBAUD;
    if (rate != BOTHER)
        m->c_ospeed = rate & BOTHER ? fast_speeds[rate & SPEED_BITS] : speeds[rate];
    if (rate != BOTHER || !m->c_ispeed)
        m->c_ispeed = m->c_ospeed;
}

/* --- the three forms --- */

static int fetch_modes(struct tty *t, u32 request, struct user_ptr from, struct linux_termios2 *m)
{
    struct linux_termio old;
    *m = t->modes;
    switch (request) {
    case TCSETS2: case TCSETSW2: case TCSETSF2:
        if (copy_from_program(m, from, sizeof(*m)))
            return -EFAULT;
        break;
    case TCSETA: case TCSETAW: case TCSETAF:
        if (copy_from_program(&old, from, sizeof(old)))
            return -EFAULT;
        m->c_iflag = (m->c_iflag & 0xffff0000) | old.c_iflag;
        m->c_oflag = (m->c_oflag & 0xffff0000) | old.c_oflag;
        m->c_cflag = (m->c_cflag & 0xffff0000) | old.c_cflag;
        m->c_lflag = (m->c_lflag & 0xffff0000) | old.c_lflag;
        m->c_line = old.c_line;
        memcpy(m->c_cc, old.c_cc, sizeof(old.c_cc));
        break;
    default:
        if (copy_from_program(m, from, sizeof(struct linux_termios)))
            return -EFAULT;
    }
    set_speeds(m);
    return 0;
}

static int store_termio(const struct tty *t, struct user_ptr to)
{
    struct linux_termio m = {
        .c_iflag = (u16)t->modes.c_iflag, .c_oflag = (u16)t->modes.c_oflag,
        .c_cflag = (u16)t->modes.c_cflag, .c_lflag = (u16)t->modes.c_lflag,
        .c_line = t->modes.c_line,
    };
    memcpy(m.c_cc, t->modes.c_cc, sizeof(m.c_cc));
    return copy_to_program(to, &m, sizeof(m));
}

/* What was written is with the other side as soon as it is out of here. */
static bool is_quiet(void *argument)
{
    const struct tty *t = argument;
    return !t->echo.used || t->driver->is_gone(t);
}

static int drain(struct tty *t)
{
    return wait_until(&t->changed, is_quiet, t, NO_DEADLINE);
}

static int store_modes(struct tty *t, u32 request, struct user_ptr from)
{
    struct linux_termios2 m;
    bool flushes = request == TCSETSF || request == TCSETSF2 || request == TCSETAF;
    bool waits = flushes || request == TCSETSW || request == TCSETSW2 || request == TCSETAW;
    int error = tty_check_group(t, SIGTTOU);
    if (!error)
        error = fetch_modes(t, request, from, &m);
    if (!error && flushes)
        tty_flush_input(t);
    if (!error && waits)
        error = drain(t);
    if (!error)
        set_modes(t, &m);
    return error;
}

/* --- flushing and flow --- */

static int flush(struct tty *t, u64 what)
{
    if (what > TCIOFLUSH)
        return -EINVAL;
    u8 note = 0;
    if (what != TCOFLUSH) {
        tty_flush_input(t);
        note |= TIOCPKT_FLUSHREAD;
    }
    if (what != TCIFLUSH) {
        ring_clear(&t->echo);
        t->driver->flush_output(t);
        tty_wake_writers(t);
        note |= TIOCPKT_FLUSHWRITE;
    }
    if (t->driver->note)
        t->driver->note(t, note);
    return 0;
}

static int control_flow(struct tty *t, u64 what)
{
    u8 c;
    switch (what) {
    case TCOOFF:
        tty_stop(t, &t->held);
        return 0;
    case TCOON:
        tty_start(t, &t->held);
        return 0;
    case TCIOFF:
    case TCION:
        c = t->modes.c_cc[what == TCION ? VSTART : VSTOP];
        if (c)
            tty_echo_bytes(t, (const char *)&c, 1);
        return 0;
    default:
        return -EINVAL;
    }
}

/* --- the window --- */

int tty_set_window(struct tty *t, const struct linux_winsize *w)
{
    if (memcmp(&t->window, w, sizeof(*w)) == 0)
        return 0;
    t->window = *w;
    tty_signal_group(t->foreground, SIGWINCH);
    return 0;
}

static int load_window(struct tty *t, struct user_ptr from)
{
    struct linux_winsize w;
    return copy_from_program(&w, from, sizeof(w)) ? -EFAULT : tty_set_window(t, &w);
}

static long change(struct tty *t, u32 request, u64 value)
{
    int error = tty_check_group(t, SIGTTOU);
    if (error)
        return error;
    if (request == TCFLSH)
        return flush(t, value);
    return request == TCXONC ? control_flow(t, value) : drain(t);
}

long tty_modes_ioctl(struct tty *t, u32 request, struct user_ptr argument, u64 value)
{
    switch (request) {
    case TCGETS:
        return copy_to_program(argument, &t->modes, sizeof(struct linux_termios));
    case TCGETS2:
        return copy_to_program(argument, &t->modes, sizeof(t->modes));
    case TCGETA:
        return store_termio(t, argument);
    case TCSETS: case TCSETSW: case TCSETSF:
    case TCSETS2: case TCSETSW2: case TCSETSF2:
    case TCSETA: case TCSETAW: case TCSETAF:
        return store_modes(t, request, argument);
    case TIOCGWINSZ:
        return copy_to_program(argument, &t->window, sizeof(t->window));
    case TIOCSWINSZ:
        return load_window(t, argument);
    case TCFLSH: case TCXONC: case TCSBRK: case TCSBRKP: case TIOCSBRK: case TIOCCBRK:
        return change(t, request, value);
    default:
        return -ENOTTY;
    }
}
