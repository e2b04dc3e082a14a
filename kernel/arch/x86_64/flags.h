/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: the bits of RFLAGS (Intel SDM volume 1, 3.4.3). Assembly reads it too. */
#pragma once

#define RFLAGS_CF 0x1
#define RFLAGS_FIXED 0x2
#define RFLAGS_PF 0x4
#define RFLAGS_AF 0x10
#define RFLAGS_ZF 0x40
#define RFLAGS_SF 0x80
#define RFLAGS_TF 0x100
#define RFLAGS_IF 0x200
#define RFLAGS_DF 0x400
#define RFLAGS_OF 0x800
#define RFLAGS_IOPL 0x3000
#define RFLAGS_NT 0x4000
#define RFLAGS_RF 0x10000
#define RFLAGS_AC 0x40000
#define RFLAGS_ID 0x200000

/* What a program can really have set; everything else is dropped at each exit. */
#define RFLAGS_PROGRAM                                                                             \
    (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF | RFLAGS_DF |           \
     RFLAGS_OF | RFLAGS_RF | RFLAGS_AC | RFLAGS_ID)
/* Flags that only iretq restores well; with IF they decide whether the hot exit may be taken. */
#define RFLAGS_COLD                                                                                \
    (RFLAGS_TF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_AC)
/* What `syscall` clears on entry (IA32_FMASK): the kernel runs with DF, TF, NT and AC clear. */
#define RFLAGS_ENTRY_MASK (RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC)
