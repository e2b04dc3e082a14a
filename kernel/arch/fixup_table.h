/* SPDX-License-Identifier: BSD-3-Clause */
/* For user_copy.S of each machine: marks instructions that may fault. */
#pragma once

/* The instruction that follows may fault; then execution continues at \to. */
.macro MAY_FAULT to
    .pushsection .rodata.fixup, "a", %progbits
    .long 7777f - .
    .long \to - .
    .popsection
7777:
.endm
