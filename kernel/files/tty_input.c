/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line discipline's input side: what happens to a byte that was typed.
 *
 * Holds:    the input ring of a terminal. In canonical mode what lies behind canon_head is a line
 *           that is still being edited.
 * Promises: the order of tests is Linux's n_tty. A full ring takes no more bytes, except that in
 *           canonical mode, with no whole line there, the last byte is replaced, so that a line
 *           that is too long can still be ended.
 * See:      termios(3)
 */
#include "abi/linux/poll.h"
#include "files/tty.h"
#include "lib/string.h"

#define MASK (TTY_INPUT_BYTES - 1)
#define END_OF_FILE 0            /* what stands in the ring for VEOF, its line_ends bit set */

static bool is(const struct tty *t, unsigned which, u8 c)
{
    return c && t->modes.c_cc[which] == c; /* NUL: the character is switched off */
}

static void put(struct tty *t, u8 c)
{
    u32 at = t->head & MASK;
    t->input[at] = c;
    t->line_ends[at / 64] &= ~(1ull << at % 64);
    t->head++;
}

/* PARMRK: a byte 0377 of the other side is doubled, because 0377 is the mark. */
static void put_marked(struct tty *t, u8 c)
{
    if (c == 0377 && tty_input_flag(t, PARMRK))
        put(t, c);
    put(t, c);
}

static void end_line(struct tty *t, u8 c)
{
    u32 at = t->head & MASK;
    put(t, c);
    t->line_ends[at / 64] |= 1ull << at % 64;
    t->canon_head = t->head;
    wake_all(&t->changed, TTY_READABLE);
}

void tty_flush_input(struct tty *t)
{
    t->head = t->canon_head = t->tail = 0;
    memset(t->line_ends, 0, sizeof(t->line_ends));
    t->literal_next = false;
    tty_erase_forget(t);
    t->driver->input_taken(t);
}

static bool make_room(struct tty *t)
{
    s64 room = (s64)TTY_INPUT_BYTES - (t->head - t->tail);
    if (tty_input_flag(t, PARMRK))
        room = (room + 2) / 3;
    room--;
    if (room > 0)
        return true;
    if (!tty_is_canonical(t) || t->canon_head != t->tail)
        return false;
    if (room < 0)
        t->head--;
    return true;
}

/* --- bytes that are not input --- */

static bool flow_control(struct tty *t, u8 c)
{
    if (!tty_input_flag(t, IXON))
        return false;
    if (is(t, VSTART, c))
        tty_start(t, &t->stopped);
    else if (is(t, VSTOP, c))
        tty_stop(t, &t->stopped);
    else
        return false;
    return true;
}

static void raise(struct tty *t, int signal, u8 c)
{
    tty_signal_group(t->foreground, signal);
    if (!tty_local_flag(t, NOFLSH)) {
        ring_clear(&t->echo);
        t->driver->flush_output(t);
        tty_flush_input(t);
        if (t->driver->note)
            t->driver->note(t, TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
    }
    if (tty_input_flag(t, IXON))
        tty_start(t, &t->stopped);
    if (tty_local_flag(t, ECHO))
        tty_echo(t, c);
}

static bool signals(struct tty *t, u8 c)
{
    if (!tty_local_flag(t, ISIG))
        return false;
    if (is(t, VINTR, c))
        raise(t, SIGINT, c);
    else if (is(t, VQUIT, c))
        raise(t, SIGQUIT, c);
    else if (is(t, VSUSP, c))
        raise(t, SIGTSTP, c);
    else
        return false;
    return true;
}

/* --- canonical mode --- */

static bool edits(struct tty *t, u8 c)
{
    bool extended = tty_local_flag(t, IEXTEN);
    if (is(t, VERASE, c) || is(t, VKILL, c) || (extended && is(t, VWERASE, c))) {
        tty_erase(t, c);
        return true;
    }
    if (extended && is(t, VLNEXT, c)) {
        t->literal_next = true;
        if (tty_local_flag(t, ECHO) && tty_local_flag(t, ECHOCTL)) {
            tty_erase_forget(t);
            tty_echo_bytes(t, "^\b", 2);
        }
        return true;
    }
    if (extended && tty_local_flag(t, ECHO) && is(t, VREPRINT, c)) {
        tty_erase_forget(t);
        tty_reprint(t);
        return true;
    }
    return false;
}

static bool ends_line(struct tty *t, u8 c)
{
    if (c == '\n') {
        if (tty_local_flag(t, ECHO) || tty_local_flag(t, ECHONL))
            tty_echo_plain(t, '\n');
        end_line(t, c);
        return true;
    }
    if (is(t, VEOF, c)) {
        end_line(t, END_OF_FILE);
        return true;
    }
    if (!is(t, VEOL, c) && !(is(t, VEOL2, c) && tty_local_flag(t, IEXTEN)))
        return false;
    if (tty_local_flag(t, ECHO)) {
        if (t->canon_head == t->head)
            t->canon_column = t->column;
        tty_echo(t, c);
    }
    if (c == 0377 && tty_input_flag(t, PARMRK))
        put(t, c);
    end_line(t, c);
    return true;
}

/* --- what is left --- */

static void plain(struct tty *t, u8 c)
{
    if (tty_local_flag(t, ECHO)) {
        tty_erase_forget(t);
        if (t->canon_head == t->head)
            t->canon_column = t->column;
        if (c == '\n')
            tty_echo_plain(t, c);
        else
            tty_echo(t, c);
    }
    put_marked(t, c);
    if (!tty_is_canonical(t))
        wake_all(&t->changed, TTY_READABLE);
}

static u8 fold(const struct tty *t, u8 c)
{
    if (tty_input_flag(t, ISTRIP))
        c &= 0x7f;
    bool lower = tty_input_flag(t, IUCLC) && tty_local_flag(t, IEXTEN);
    return lower && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* IGNCR, ICRNL, INLCR. false: the byte is dropped. */
static bool translate(const struct tty *t, u8 *c)
{
    if (*c == '\r') {
        if (tty_input_flag(t, IGNCR))
            return false;
        if (tty_input_flag(t, ICRNL))
            *c = '\n';
    } else if (*c == '\n' && tty_input_flag(t, INLCR)) {
        *c = '\r';
    }
    return true;
}

bool tty_receive(struct tty *t, u8 c)
{
    if (!make_room(t))
        return false;
    c = fold(t, c);
    if (t->literal_next) {
        t->literal_next = false;
        plain(t, c);
        return true;
    }
    if (t->stopped && tty_input_flag(t, IXON) && tty_input_flag(t, IXANY) && !is(t, VSTOP, c))
        tty_start(t, &t->stopped);
    if (flow_control(t, c) || signals(t, c) || !translate(t, &c))
        return true;
    if (tty_is_canonical(t) && (edits(t, c) || ends_line(t, c)))
        return true;
    plain(t, c);
    return true;
}
