/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A length decoder for 64-bit code.
 *
 * Holds:    one byte of attributes per opcode of the one-byte and 0F maps; the 0F38, 0F3A, VEX and
 *           EVEX maps are regular enough to need none.
 * Promises: exact lengths for everything a compiler emits. `plausible` is false for what is
 *           undefined in 64-bit mode, what needs privilege (but for hlt, which is looked for), and
 *           what exists but is not emitted (string i/o, far calls, loop, segment registers ...):
 *           decoded data soon contains one of these.
 * See:      Intel SDM volume 2, chapter 2 and appendix A
 */
#include "arch/x86_64/instruction.h"

#define MODRM 0x10u
#define ODD 0x20u     /* not plausible */
#define END 0x40u     /* ends a block */
#define LOCKABLE 0x80u
/* low bits: bytes of immediate */
#define IB 1u
#define IW 2u
#define IZ 4u         /* 4, or 2 with an operand-size prefix */
#define IV 8u         /* 8 with REX.W, else as IZ */
#define IA 9u         /* an absolute address: 8, or 4 with an address-size prefix */

#define ARITHMETIC(base, lock)                                                                     \
    [base] = MODRM | (lock), [(base) + 1] = MODRM | ((lock) & LOCKABLE), [(base) + 2 ... (base) + 3] = MODRM,                   \
    [(base) + 4] = IB, [(base) + 5] = IZ, [(base) + 6 ... (base) + 7] = ODD

static const u8 one_byte[256] = {
    /* add, adc, sbb of a byte: rare in code, frequent in tables of small numbers */
    ARITHMETIC(0x00, LOCKABLE | ODD), ARITHMETIC(0x08, LOCKABLE),
    ARITHMETIC(0x10, LOCKABLE | ODD), ARITHMETIC(0x18, LOCKABLE | ODD),
    ARITHMETIC(0x20, LOCKABLE), ARITHMETIC(0x28, LOCKABLE), ARITHMETIC(0x30, LOCKABLE),
    ARITHMETIC(0x38, 0),
    /* 40..4f are REX, 50..5f push and pop */
    [0x60 ... 0x62] = ODD, [0x63] = MODRM, [0x68] = IZ, [0x69] = MODRM | IZ, [0x6a] = IB,
    [0x6b] = MODRM | IB, [0x6c ... 0x6f] = ODD,
    [0x70 ... 0x7f] = IB,
    [0x80] = MODRM | IB | LOCKABLE, [0x81] = MODRM | IZ | LOCKABLE, [0x82] = ODD,
    [0x83] = MODRM | IB | LOCKABLE, [0x84 ... 0x85] = MODRM, [0x86 ... 0x87] = MODRM | LOCKABLE,
    [0x88 ... 0x8b] = MODRM, [0x8c] = MODRM | ODD, [0x8d] = MODRM, [0x8e] = MODRM | ODD,
    [0x8f] = MODRM, [0x9a] = ODD,
    [0xa0 ... 0xa3] = ODD | IA, [0xa8] = IB, [0xa9] = IZ,
    [0xb0 ... 0xb7] = IB, [0xb8 ... 0xbf] = IV,
    [0xc0 ... 0xc1] = MODRM | IB, [0xc2] = IW | END, [0xc3] = END, [0xc6] = MODRM | IB,
    [0xc7] = MODRM | IZ, [0xc8] = ODD, [0xca] = IW | ODD, [0xcb] = ODD, [0xcd] = IB | ODD,
    [0xce ... 0xcf] = ODD,
    [0xd0 ... 0xd3] = MODRM, [0xd4 ... 0xd7] = ODD, [0xd8 ... 0xdf] = MODRM,
    [0xe0 ... 0xe2] = IB | ODD, [0xe3] = IB, [0xe4 ... 0xe7] = IB | ODD, [0xe8] = IZ,
    [0xe9] = IZ | END, [0xea] = ODD, [0xeb] = IB | END, [0xec ... 0xef] = ODD,
    [0xf1] = ODD, [0xf4] = END, [0xf6] = MODRM | LOCKABLE, [0xf7] = MODRM | LOCKABLE,
    [0xfa ... 0xfb] = ODD, [0xfe ... 0xff] = MODRM | LOCKABLE,
};

static const u8 two_bytes[256] = {
    [0x00] = MODRM | ODD, [0x01] = MODRM, [0x02 ... 0x03] = MODRM | ODD, [0x04] = ODD,
    [0x06 ... 0x09] = ODD, [0x0a] = ODD, [0x0b] = END, [0x0c] = ODD, [0x0d] = MODRM,
    [0x0e ... 0x0f] = ODD,
    [0x10 ... 0x1f] = MODRM, [0x20 ... 0x27] = MODRM | ODD, [0x28 ... 0x2f] = MODRM,
    [0x30] = ODD, [0x32 ... 0x37] = ODD, [0x38 ... 0x3f] = ODD,
    [0x40 ... 0x6f] = MODRM, [0x70 ... 0x73] = MODRM | IB, [0x74 ... 0x76] = MODRM,
    [0x78 ... 0x7b] = MODRM | ODD, [0x7c ... 0x7f] = MODRM,
    [0x80 ... 0x8f] = IZ, [0x90 ... 0x9f] = MODRM,
    [0xa3] = MODRM, [0xa4] = MODRM | IB, [0xa5] = MODRM, [0xa6 ... 0xa7] = MODRM | ODD,
    [0xaa] = ODD, [0xab] = MODRM | LOCKABLE, [0xac] = MODRM | IB, [0xad ... 0xaf] = MODRM,
    [0xb0 ... 0xb1] = MODRM | LOCKABLE, [0xb2] = MODRM | ODD, [0xb3] = MODRM | LOCKABLE,
    [0xb4 ... 0xb5] = MODRM | ODD, [0xb6 ... 0xb9] = MODRM, [0xba] = MODRM | IB | LOCKABLE,
    [0xbb] = MODRM | LOCKABLE, [0xbc ... 0xbf] = MODRM, [0xc0 ... 0xc1] = MODRM | LOCKABLE,
    [0xc2] = MODRM | IB, [0xc3] = MODRM, [0xc4 ... 0xc6] = MODRM | IB, [0xc7] = MODRM | LOCKABLE,
    [0xd0 ... 0xfe] = MODRM, [0xff] = MODRM | ODD,
};

struct cursor {
    const u8 *text;
    size_t available, at;
    bool operand_16, address_32, rex, wide, indexed, lock, repeat, odd;
};

static bool take(struct cursor *c, u8 *byte)
{
    if (c->at >= c->available || c->at >= 15)
        return false;
    *byte = c->text[c->at++];
    return true;
}

/* Legacy prefixes, then REX; *opcode is the byte behind them. */
static bool take_prefixes(struct cursor *c, u8 *opcode)
{
    for (;;) {
        if (!take(c, opcode))
            return false;
        switch (*opcode) {
        case 0x66: c->operand_16 = true; continue;
        case 0x67: c->address_32 = true; continue;
        case 0xf0: c->lock = true; continue;
        case 0x26: /* es, ss, gs: no compiler uses them in a 64-bit program */
        case 0x36:
        case 0x65: c->odd = true; continue;
        case 0x2e: /* cs: padding */
        case 0x3e: /* notrack */
        case 0x64: continue;
        case 0xf2:
        case 0xf3: c->repeat = true; continue;
        default: break;
        }
        if ((*opcode & 0xf0) != 0x40)
            return true;
        c->wide = *opcode & 8;
        c->rex = true;
        c->indexed = *opcode & 2;
        return take(c, opcode) && (*opcode & 0xf0) != 0x40;
    }
}

/* ModRM, SIB and displacement. */
static bool take_operand(struct cursor *c, u8 *modrm)
{
    u8 sib = 0;

    if (!take(c, modrm))
        return false;
    u8 mode = *modrm >> 6, base = *modrm & 7;
    c->odd |= c->indexed && (mode == 3 || base != 4); /* REX.X without an index */
    if (mode == 3)
        return true;
    if (base == 4) {
        if (!take(c, &sib))
            return false;
        base = sib & 7;
        c->at += mode == 0 && base == 5 ? 4 : 0;
    } else if (mode == 0 && base == 5) {
        c->at += 4;
    }
    c->at += mode == 1 ? 1 : mode == 2 ? 4 : 0;
    return true;
}

static size_t immediate_bytes(const struct cursor *c, u8 kind)
{
    switch (kind) {
    case IZ: return c->operand_16 && !c->wide ? 2 : 4;
    case IV: return c->wide ? 8 : c->operand_16 ? 2 : 4;
    case IA: return c->address_32 ? 4 : 8;
    default: return kind;
    }
}

/* Groups whose ModRM decides: how long the immediate is, what the instruction is at all. */
static void look_closer_one_byte(struct cursor *c, u8 opcode, u8 modrm, u8 *kind, bool *ends)
{
    u8 field = modrm >> 3 & 7;

    switch (opcode) {
    case 0x8d: c->odd |= modrm >> 6 == 3; break;                    /* lea of a register */
    case 0x8f: c->odd |= field != 0; break;                         /* pop */
    case 0xc6: c->odd |= field != 0; break;                         /* mov */
    case 0xc7: c->odd |= field != 0 && modrm != 0xf8; break;        /* mov, xbegin */
    case 0xf6: *kind = field < 2 ? IB : 0; break;                   /* test */
    case 0xf7: *kind = field < 2 ? IZ : 0; break;
    case 0xfe: c->odd |= field > 1; break;                          /* inc, dec */
    case 0xff:
        *ends = field == 4;                                         /* jmp */
        c->odd |= field == 3 || field == 5 || field == 7;           /* far call, far jmp, none */
        break;
    default: break;
    }
}

static void look_closer_two_bytes(struct cursor *c, u8 opcode, u8 modrm)
{
    if (opcode == 0x01) /* lgdt and kin have memory; xgetbv, rdtscp, wrpkru have not */
        c->odd |= modrm >> 6 != 3;
    if (opcode == 0xba)
        c->odd |= (modrm >> 3 & 7) < 4;
}

/* VEX and EVEX: the map is in the prefix; only maps 2 and 3 differ from 0F in immediates. */
static bool take_vector(struct cursor *c, u8 opcode)
{
    u8 p, map = 1, modrm, kind = 0;

    if (!take(c, &p))
        return false;
    if (opcode != 0xc5) {
        map = p & (opcode == 0x62 ? 7 : 31);
        if (opcode == 0x62 && (p & 8))
            return false;
        for (int i = opcode == 0x62 ? 2 : 1; i > 0; i--)
            if (!take(c, &p))
                return false;
    }
    if (map < 1 || map > 6 || map == 4 || !take(c, &opcode))
        return false;
    if (map == 3 || (map == 1 && (two_bytes[opcode] & 15) == IB))
        kind = IB;
    if (map == 1 && opcode == 0x77) /* vzeroupper */
        return true;
    if (!take_operand(c, &modrm))
        return false;
    c->at += kind;
    return true;
}

static bool is_string(u8 opcode)
{
    return (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf);
}

/* pause, `rep ret`, and branches with the old bnd prefix */
static bool may_repeat(u8 opcode)
{
    return opcode == 0x90 || (opcode & 0xfe) == 0xc2 || (opcode & 0xfc) == 0xe8 ||
           (opcode & 0xf0) == 0x70 || opcode == 0xff;
}

/* Everything behind an opcode that is not a vector prefix. */
static bool take_rest(struct cursor *c, u8 opcode, bool *ends)
{
    u8 attributes = one_byte[opcode], map = 1, modrm;

    if (opcode == 0x0f) {
        map = 2;
        if (!take(c, &opcode))
            return false;
        attributes = two_bytes[opcode];
        if (opcode == 0x38 || opcode == 0x3a) {
            map = 3;
            attributes = opcode == 0x3a ? MODRM | IB : MODRM;
            if (!take(c, &opcode))
                return false;
        }
    }
    u8 kind = attributes & 15;
    *ends = attributes & END;
    c->odd |= (attributes & ODD) || (c->lock && !(attributes & LOCKABLE));
    if (map == 1)
        c->odd |= c->repeat != is_string(opcode) && !(c->repeat && may_repeat(opcode));
    if (attributes & MODRM) {
        if (!take_operand(c, &modrm))
            return false;
        c->odd |= c->lock && modrm >> 6 == 3;
        if (map == 1)
            look_closer_one_byte(c, opcode, modrm, &kind, ends);
        else if (map == 2)
            look_closer_two_bytes(c, opcode, modrm);
    } else {
        c->odd |= c->indexed;
    }
    c->at += immediate_bytes(c, kind);
    return true;
}

bool instruction_decode(const u8 *text, size_t available, struct instruction *out)
{
    struct cursor c = {.text = text, .available = available};
    bool ends = false, fits;
    u8 opcode;

    if (!take_prefixes(&c, &opcode))
        return false;
    if (opcode == 0xc4 || opcode == 0xc5 || opcode == 0x62)
        fits = !c.lock && take_vector(&c, opcode);
    else
        fits = take_rest(&c, opcode, &ends);
    if (!fits || c.at > c.available || c.at > 15)
        return false;
    *out = (struct instruction){
        .length = (u8)c.at, .plausible = !c.odd, .ends_block = ends, .rex = c.rex};
    return true;
}
