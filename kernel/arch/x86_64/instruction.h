/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: how long an x86_64 instruction is, and whether a compiler would have written it. */
#pragma once

#include "lib/types.h"

struct instruction {
    u8 length;
    bool plausible;   /* legal in a program, and of the kind that compilers emit */
    bool ends_block;  /* ret, jmp, ud2, hlt: what follows need not be code */
    bool rex;         /* has a REX prefix: typical of 64-bit code, rare in what data decodes to */
};

/* The instruction at text[0 .. available). false: it does not fit or cannot be one. */
bool instruction_decode(const u8 *text, size_t available, struct instruction *out);
