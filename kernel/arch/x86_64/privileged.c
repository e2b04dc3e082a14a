/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Finding hlt in program text.
 *
 * On Linux a program that executes hlt dies of SIGSEGV, and libcs mean that (musl's a_crash, what
 * follows an exit that returns). At ring 0 hlt just waits for an interrupt and goes on. So each hlt
 * in executable file pages becomes PRIVILEGED_TRAP, a byte that is no instruction in any 64-bit
 * mode; bare_traps.c turns its #UD into FAULT_PRIVILEGED.
 *
 * Holds:    the search. A byte f4 is taken for a hlt only when it is an instruction of its own
 *           however the code before it is entered: instruction streams from many starting points
 *           before it fall into step after a few instructions, and all of them must arrive at it.
 *           An f4 inside a longer instruction is stepped over by all of them.
 * Promises: never changes an immediate or displacement of code that compilers emit. Data between
 *           functions (tables of hand-written ciphers) is refused by what it decodes to: a long
 *           run of bytes that are all instructions of the kind compilers emit is code.
 * Refuses:  a hlt without enough code around it: it stays, and then waits instead of trapping.
 * See:      docs/decisions/0201-hlt.md for the alternatives and the measurements; instruction.c
 */
#include "arch/arch.h"
#include "arch/x86_64/instruction.h"
#include "arch/x86_64/privileged.h"
#include "lib/string.h"

#define HLT 0xf4
#define RUN_IN_FAR 176u      /* streams start in [site - FAR, site - NEAR] */
#define RUN_IN_NEAR 144u
#define RUN_IN_LEAST 24u     /* at the start of the text there may be no more */
#define REX_EVERY 50u       /* bytes of code with at least one REX prefix */
#define HLTS_MOST 12 /* other hlts in the run-in */
#define QUICK_NEAR 40u
#define QUICK_FAR 49u
#define BEHIND 8             /* instructions that must be plausible behind a site */

/* The boundaries of the first stream; the others only have to fall in with it. */
struct stream {
    size_t start;
    u8 boundary[RUN_IN_FAR];
};

/* Follows the first stream; its first quarter, before it is in step, is not judged. true: it
 * arrives at `site`, and what it saw looks like code. */
static bool first_arrives(const u8 *text, size_t length, size_t site, struct stream *s)
{
    const size_t in_step = s->start + (site - s->start) / 4;
    const size_t rexes_wanted = (site - in_step) / REX_EVERY;
    size_t at = s->start, rexes = 0, hlts = 0;
    struct instruction i;

    while (at < site) {
        if (!instruction_decode(text + at, length - at, &i)) {
            if (at >= in_step)
                return false;
            at++;
            continue;
        }
        s->boundary[at - s->start] = 1;
        if (at >= in_step) {
            rexes += i.rex;
            hlts += text[at] == HLT;
            if (!i.plausible)
                return false;
        }
        at += i.length;
    }
    return at == site && rexes >= rexes_wanted && hlts <= HLTS_MOST;
}

/* A stream from another start falls in with the first before the site. */
static bool falls_in(const u8 *text, size_t length, size_t at, size_t site, struct stream *s)
{
    struct instruction i;

    while (at < site) {
        if (s->boundary[at - s->start])
            return true;
        at += instruction_decode(text + at, length - at, &i) ? i.length : 1;
    }
    return at == site;
}

static bool code_follows(const u8 *text, size_t length, size_t at)
{
    struct instruction i;

    for (int n = 0; n < BEHIND && at < length; n++) {
        if (!instruction_decode(text + at, length - at, &i))
            return length - at < 15; /* cut off by the end of the text */
        if (!i.plausible)
            return false;
        if (i.ends_block)
            return true;
        at += i.length;
    }
    return true;
}

/* Tables repeat themselves in steps of their element size, code does not. */
static bool is_table(const u8 *text, size_t from, size_t to)
{
    for (size_t period = 1; period <= 8; period *= 2) {
        size_t equal = 0;
        for (size_t at = from + period; at < to; at++)
            equal += text[at] == text[at - period];
        if (equal > (to - from) / 3)
            return true;
    }
    return false;
}

/* Most f4 bytes are inside an instruction: two streams from nearby that both step over the site say
 * so at a fraction of the price. */
static bool is_stepped_over(const u8 *text, size_t length, size_t site)
{
    for (size_t back = QUICK_NEAR; back <= QUICK_FAR; back += QUICK_FAR - QUICK_NEAR) {
        size_t at = site - back;
        struct instruction i;
        while (at < site)
            at += instruction_decode(text + at, length - at, &i) ? i.length : 1;
        if (at == site)
            return false;
    }
    return true;
}

static bool is_hlt(const u8 *text, size_t length, size_t site)
{
    size_t near = site > RUN_IN_NEAR + RUN_IN_LEAST ? site - RUN_IN_NEAR : site / 2;
    struct stream s = {.start = site > RUN_IN_FAR ? site - RUN_IN_FAR : 0};

    if (site < RUN_IN_LEAST || (site >= QUICK_FAR && is_stepped_over(text, length, site)) ||
        !first_arrives(text, length, site, &s))
        return false;
    for (size_t start = s.start + 1; start <= near; start++)
        if (!falls_in(text, length, start, site, &s))
            return false;
    return code_follows(text, length, site + 1) && !is_table(text, s.start, site);
}

/* The next f4 at or after `from`, eight bytes at a look. */
static size_t next_candidate(const u8 *text, size_t from, size_t to)
{
    const u64 ones = 0x0101010101010101ull;

    for (; from + sizeof(u64) <= to; from += sizeof(u64)) {
        u64 word;
        memcpy(&word, text + from, sizeof(word));
        word ^= ones * HLT;
        u64 zero = (word - ones) & ~word & (ones << 7); /* the lowest bit set marks a zero byte */
        if (zero)
            return from + (size_t)__builtin_ctzll(zero) / 8;
    }
    while (from < to && text[from] != HLT)
        from++;
    return from;
}

size_t arch_find_privileged(const u8 *text, size_t length, size_t from, size_t to)
{
    while ((from = next_candidate(text, from, to)) < to) {
        if (is_hlt(text, length, from))
            return from;
        from++;
    }
    return to;
}

void arch_patch_privileged(u8 *site)
{
    *site = PRIVILEGED_TRAP;
}
