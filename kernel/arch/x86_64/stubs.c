/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rewritten call sites: instructions around a `syscall` that became a jump to a stub.
 *
 * Holds:    the form of the jump and of its stub:
 *               copies of what stood before the site
 *               lea RETURN(%rip),%rcx;  jmp *DOOR(%rip)
 *           where RETURN is the place behind the site, or, when the site itself was overwritten,
 *               lea BEHIND_THE_SITE(%rip),%rcx;  copies of what stood behind it;  jmp back
 *           The stub's page begins with the doors' addresses, so the kernel may lie anywhere.
 * Promises: a stub does what its bytes did, no more: rcx is the address behind the site, the stack
 *           is not touched. Places in text and in the stub are told from each other both ways.
 * Refuses:  what may be the tail of another instruction: streams of instructions from many starting
 *           points before must all arrive at the mov. (What a plan says is proven already.)
 * See:      DESIGN 3.4; decision 0801; direct_call.S; privileged.c, which finds hlt in the same way
 */
#include "arch/arch.h"
#include "arch/x86_64/instruction.h"
#include "lib/string.h"

#define MOV_EAX 0xb8
#define JMP 0xe9
#define BREAKPOINT 0xcc
#define JMP_BYTES 5
#define LEA_BYTES 7
#define DOOR_BYTES 6     /* jmp *DOOR(%rip) */

#define RUN_IN_FAR 96u   /* streams start in [patch - FAR, patch - NEAR] */
#define RUN_IN_NEAR 48u
#define RUN_IN_LEAST 24u

extern const char arch_door_jump[], arch_door_short[];

/* Compilers fall into step within a few instructions. */
static bool streams_arrive(const u8 *text, size_t patch)
{
    size_t from = patch > RUN_IN_FAR ? patch - RUN_IN_FAR : 0;
    size_t to = patch > RUN_IN_NEAR ? patch - RUN_IN_NEAR : 0;
    struct instruction i;

    for (size_t start = from; start <= to; start++) {
        size_t at = start;
        while (at < patch)
            at += instruction_decode(text + at, patch + JMP_BYTES - at, &i) ? i.length : 1;
        if (at != patch)
            return false;
    }
    return true;
}

/* The one pattern that is always safe: mov $nr,%eax directly before the site. */
bool arch_can_patch(const u8 *text, size_t length, size_t site, struct arch_patch *out)
{
    size_t patch = site - JMP_BYTES;

    *out = (struct arch_patch){.before = JMP_BYTES, .length = JMP_BYTES};
    return site >= RUN_IN_LEAST + JMP_BYTES && site <= length && text[patch] == MOV_EAX &&
           streams_arrive(text, patch);
}

static bool has_tail(const struct arch_patch *p) { return p->length > p->before; }

bool arch_patch_is_sane(const struct arch_patch *p)
{
    return p->length >= JMP_BYTES && p->before <= p->length && p->length <= ARCH_PATCH_MOST &&
           (!has_tail(p) || p->before + SITE_BYTES <= p->length);
}

/* --- offsets in a stub --- */

static size_t tail_at(const struct arch_patch *p) { return p->before + LEA_BYTES + DOOR_BYTES; }
static size_t copies_at(const struct arch_patch *p) { return tail_at(p) + LEA_BYTES; }

static size_t copied_behind(const struct arch_patch *p)
{
    return (size_t)(p->length - p->before - SITE_BYTES);
}

size_t arch_stub_bytes(const struct arch_patch *p)
{
    return has_tail(p) ? copies_at(p) + copied_behind(p) + JMP_BYTES : tail_at(p);
}

size_t arch_stub_to_text(const struct arch_patch *p, size_t in_stub)
{
    size_t behind = (size_t)p->before + SITE_BYTES;

    if (in_stub < p->before)
        return in_stub;
    if (in_stub < tail_at(p))
        return p->before;
    return in_stub <= copies_at(p) ? behind : behind + (in_stub - copies_at(p));
}

size_t arch_text_to_stub(const struct arch_patch *p, size_t in_text)
{
    if (in_text <= p->before)
        return in_text;
    if (in_text == (size_t)p->before + SITE_BYTES)
        return tail_at(p); /* rcx is set once more: who comes from the kernel has the stub in it */
    return copies_at(p) + (in_text - p->before - SITE_BYTES);
}

/* --- writing --- */

static size_t put_i32(u8 *to, s64 value)
{
    s32 v = (s32)value;
    memcpy(to, &v, sizeof(v));
    return sizeof(v);
}

/* lea of what lies `distance` from the stub's first byte, for a lea at `at` in it. */
static size_t put_lea_rcx(u8 *stub, size_t at, s64 distance)
{
    static const u8 lea[] = {0x48, 0x8d, 0x0d};

    memcpy(stub + at, lea, sizeof(lea));
    put_i32(stub + at + sizeof(lea), distance - (s64)(at + LEA_BYTES));
    return at + LEA_BYTES;
}

void arch_stub_page_start(u8 *page)
{
    u64 doors[] = {(u64)arch_door_jump, (u64)arch_door_short};
    memcpy(page, doors, sizeof(doors));
}

void arch_stub_write(u8 *page, size_t at, const u8 *text, const struct arch_patch *p, s64 back)
{
    u8 *stub = page + at;
    size_t n = p->before;
    s64 behind = back + p->before + SITE_BYTES;
    s64 door = (p->flags_dead ? (s64)sizeof(u64) : 0) - (s64)at;

    memcpy(stub, text, n);
    n = put_lea_rcx(stub, n, has_tail(p) ? (s64)tail_at(p) : behind);
    stub[n++] = 0xff;
    stub[n++] = 0x25;
    n += put_i32(stub + n, door - (s64)(n + 4));
    if (!has_tail(p))
        return;
    n = put_lea_rcx(stub, n, behind);
    memcpy(stub + n, text + p->before + SITE_BYTES, copied_behind(p));
    n += copied_behind(p);
    stub[n++] = JMP;
    put_i32(stub + n, back + p->length - (s64)(n + 4));
}

void arch_patch_write(u8 *text, const struct arch_patch *p, s64 back)
{
    memset(text + JMP_BYTES, BREAKPOINT, p->length - JMP_BYTES);
    text[0] = JMP;
    put_i32(text + 1, -back - JMP_BYTES);
}
