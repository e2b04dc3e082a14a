/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Editing the line that is being typed, and showing it.
 *
 * Promises: what is erased on the screen is what was shown: two cells for ^X, the cells of a tab,
 *           one for a character of several bytes (IUTF8). ECHOPRT shows erasures as on paper.
 * See:      termios(3) ECHOE, ECHOK, ECHOKE, ECHOPRT
 */
#include "files/tty.h"

#define MASK (TTY_INPUT_BYTES - 1)

static bool is_control(u8 c)
{
    return c < 0x20 || c == 0x7f;
}

static bool is_continuation(const struct tty *t, u8 c)
{
    return tty_input_flag(t, IUTF8) && (c & 0xc0) == 0x80;
}

static bool is_word(u8 c)
{
    u8 letter = c | 0x20;
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_' || c >= 0xc0;
}

void tty_erase_forget(struct tty *t)
{
    if (!t->erasing)
        return;
    tty_echo_bytes(t, "/", 1);
    t->column++;
    t->erasing = false;
}

static void rub_out_cell(struct tty *t)
{
    tty_echo_bytes(t, "\b \b", 3);
    if (t->column)
        t->column--;
}

/* Back to where the tab began: behind the tab before it, or behind what the line began with. */
static void rub_out_tab(struct tty *t)
{
    u32 cells = 0, at = t->head;
    bool after_tab = false;
    while (at != t->canon_head && !after_tab) {
        u8 c = t->input[--at & MASK];
        if (c == '\t')
            after_tab = true;
        else if (is_control(c))
            cells += tty_local_flag(t, ECHOCTL) ? 2 : 0;
        else
            cells += !is_continuation(t, c);
    }
    if (!after_tab)
        cells += t->canon_column;
    for (u32 back = 8 - (cells & 7); back; back--) {
        tty_echo_bytes(t, "\b", 1);
        if (t->column)
            t->column--;
    }
}

static void rub_out(struct tty *t, u8 c)
{
    if (c == '\t') {
        rub_out_tab(t);
        return;
    }
    if (is_control(c) && tty_local_flag(t, ECHOCTL))
        rub_out_cell(t);
    if (!is_control(c) || tty_local_flag(t, ECHOCTL))
        rub_out_cell(t);
}

/* ECHOPRT: \ and what goes, backwards; / follows when something else is typed. */
static void print_erased(struct tty *t, u8 c, u32 bytes)
{
    if (!t->erasing) {
        tty_echo_bytes(t, "\\", 1);
        t->column++;
        t->erasing = true;
    }
    tty_echo(t, c);
    for (u32 n = 1; n < bytes; n++)
        tty_echo_bytes(t, (const char *)&t->input[(t->head + n) & MASK], 1);
}

/* Takes the last character off; its first byte, how many it had. */
static u32 take_back(struct tty *t, u8 *c)
{
    u32 at = t->head;
    do
        *c = t->input[--at & MASK];
    while (is_continuation(t, *c) && at != t->canon_head);
    if (is_continuation(t, *c))
        return 0; /* the line begins in the middle of a character */
    u32 bytes = t->head - at;
    t->head = at;
    return bytes;
}

enum kind { ERASE_CHARACTER, ERASE_WORD, ERASE_LINE };

static void show_erased(struct tty *t, enum kind kind, u8 c, u32 bytes)
{
    if (!tty_local_flag(t, ECHO))
        return;
    if (tty_local_flag(t, ECHOPRT))
        print_erased(t, c, bytes);
    else if (kind == ERASE_CHARACTER && !tty_local_flag(t, ECHOE))
        tty_echo(t, t->modes.c_cc[VERASE]);
    else
        rub_out(t, c);
}

/* VKILL where the screen cannot show it: the line is forgotten, and a new one begun. */
static bool kill_unseen(struct tty *t)
{
    bool seen = tty_local_flag(t, ECHOK) && tty_local_flag(t, ECHOKE) && tty_local_flag(t, ECHOE);
    if (tty_local_flag(t, ECHO) && seen)
        return false;
    t->head = t->canon_head;
    if (!tty_local_flag(t, ECHO))
        return true;
    tty_erase_forget(t);
    tty_echo(t, t->modes.c_cc[VKILL]);
    if (tty_local_flag(t, ECHOK))
        tty_echo_plain(t, '\n');
    return true;
}

static void erase(struct tty *t, enum kind kind)
{
    bool in_word = false;
    while (t->head != t->canon_head) {
        u8 c;
        u32 before = t->head, bytes = take_back(t, &c);
        if (!bytes)
            break;
        if (kind == ERASE_WORD && !is_word(c) && in_word) {
            t->head = before;
            break;
        }
        in_word |= is_word(c);
        show_erased(t, kind, c, bytes);
        if (kind == ERASE_CHARACTER)
            break;
    }
    if (t->head == t->canon_head && tty_local_flag(t, ECHO))
        tty_erase_forget(t);
}

void tty_erase(struct tty *t, u8 c)
{
    enum kind kind = c == t->modes.c_cc[VERASE]    ? ERASE_CHARACTER
                     : c == t->modes.c_cc[VWERASE] ? ERASE_WORD : ERASE_LINE;
    if (t->head == t->canon_head)
        return;
    if (kind == ERASE_LINE && kill_unseen(t))
        return;
    erase(t, kind);
}

void tty_reprint(struct tty *t)
{
    tty_echo(t, t->modes.c_cc[VREPRINT]);
    tty_echo_plain(t, '\n');
    for (u32 at = t->canon_head; at != t->head; at++)
        tty_echo(t, t->input[at & MASK]);
}
