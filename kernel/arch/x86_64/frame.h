/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: the x86_64 trap frame. The last five words are what iretq takes, so that a frame can be
 * resumed in place; cs and ss are the selectors of the privilege the platform runs programs at
 * (ring 0 on vm, CPL 3 on process), never shown to the program. The full exit sets both, so in
 * between cs can tell the door.
 */
#pragma once

#define FRAME_BYTES 168
#define FRAME_R15 0
#define FRAME_R14 8
#define FRAME_R13 16
#define FRAME_R12 24
#define FRAME_RBP 32
#define FRAME_RBX 40
#define FRAME_R11 48
#define FRAME_R10 56
#define FRAME_R9 64
#define FRAME_R8 72
#define FRAME_RAX 80
#define FRAME_RCX 88
#define FRAME_RDX 96
#define FRAME_RSI 104
#define FRAME_RDI 112
#define FRAME_CALL 120
#define FRAME_RIP 128
#define FRAME_CS 136
#define FRAME_RFLAGS 144
#define FRAME_RSP 152
#define FRAME_SS 160

/* In cs's place, where a direct door made the frame: enum arch_door above what selectors have. */
#define DOOR_SHIFT 16
#define DOOR_JUMP 0x10000
#define DOOR_CALL 0x20000

#ifndef __ASSEMBLER__

#include "lib/types.h"

struct trap_frame {
    u64 r15, r14, r13, r12, rbp, rbx;
    u64 r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 call_number; /* rax at entry, or NO_CALL when a fault or interrupt made the frame */
    u64 rip, cs, rflags, rsp, ss;
};

_Static_assert(sizeof(struct trap_frame) == FRAME_BYTES, "asm offsets");
_Static_assert(offsetof(struct trap_frame, rip) == FRAME_RIP, "asm offsets");

#define NO_CALL UINT64_MAX
#define SITE_BYTES 2 /* the length of `syscall` */

static inline u64 frame_pc(const struct trap_frame *f) { return f->rip; }
static inline void frame_set_pc(struct trap_frame *f, u64 v) { f->rip = v; }
static inline u64 frame_sp(const struct trap_frame *f) { return f->rsp; }
static inline void frame_set_sp(struct trap_frame *f, u64 v) { f->rsp = v; }
static inline u64 frame_call_number(const struct trap_frame *f) { return f->call_number; }
static inline u64 frame_result(const struct trap_frame *f) { return f->rax; }
static inline void frame_set_result(struct trap_frame *f, u64 v) { f->rax = v; }
static inline bool frame_in_call(const struct trap_frame *f) { return f->call_number != NO_CALL; }
static inline void frame_leave_call(struct trap_frame *f) { f->call_number = NO_CALL; }

static inline u64 frame_argument(const struct trap_frame *f, unsigned n)
{
    switch (n) {
    case 0: return f->rdi;
    case 1: return f->rsi;
    case 2: return f->rdx;
    case 3: return f->r10;
    case 4: return f->r8;
    default: return f->r9;
    }
}

/* Which way a frame_in_call came in. */
static inline enum arch_door frame_door(const struct trap_frame *f)
{
    return (enum arch_door)((u32)f->cs >> DOOR_SHIFT);
}

/* Back to the site with the number as at entry; the arguments were never changed. What was called
 * has no site: it goes on at call_site, which finds the return address in rcx. */
static inline void frame_restart_call(struct trap_frame *f, u64 number, u64 call_site)
{
    f->rax = number;
    f->rip = f->cs == DOOR_CALL ? call_site : f->rip - SITE_BYTES;
}

/* It stood in a stub at stub_pc, whose address a call may have left in rcx. */
static inline void frame_leave_stub(struct trap_frame *f, u64 stub_pc)
{
    if (f->rcx == stub_pc)
        f->rcx = f->rip;
}

/* A step ended where the call comes next: the call. */
static inline void frame_begin_call(struct trap_frame *f)
{
    f->rip += SITE_BYTES;
    f->rcx = f->rip;
    f->r11 = f->rflags;
    f->call_number = f->rax;
    f->cs = DOOR_JUMP;
}

/* A thread's first frame: the platform's selectors, all else 0. */
static inline void frame_prepare(struct trap_frame *f, u16 cs, u16 ss)
{
    *f = (struct trap_frame){.cs = cs, .ss = ss, .call_number = NO_CALL};
}

/* Registers of a fresh program. cs and ss stay as they are. */
static inline void frame_init_program(struct trap_frame *f, u64 pc, u64 sp)
{
    u64 cs = f->cs, ss = f->ss;
    *f = (struct trap_frame){.rip = pc, .rsp = sp, .cs = cs, .ss = ss};
    f->rflags = 0x202;
    f->call_number = NO_CALL;
}

#endif /* __ASSEMBLER__ */
