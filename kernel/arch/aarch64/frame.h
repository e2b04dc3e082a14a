/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: the aarch64 trap frame. pstate carries what the program may see and change (NZCV, SSBS,
 * and the like); the mode it is resumed in (EL1t) is added on the way out and never shown.
 */
#pragma once

#define FRAME_BYTES 288
#define FRAME_SP 248
#define FRAME_PC 256
#define FRAME_PSTATE 264
#define FRAME_CALL 272
#define FRAME_X0_ENTRY 280

#ifndef __ASSEMBLER__

#include "lib/types.h"

struct trap_frame {
    u64 x[31];
    u64 sp, pc, pstate;
    u64 call_number; /* x8 at entry, or NO_CALL when a fault or interrupt made the frame */
    u64 x0_entry;    /* x0 holds argument and result: the argument, for restart */
};

_Static_assert(sizeof(struct trap_frame) == FRAME_BYTES, "asm offsets");
_Static_assert(offsetof(struct trap_frame, sp) == FRAME_SP, "asm offsets");
_Static_assert(offsetof(struct trap_frame, x0_entry) == FRAME_X0_ENTRY, "asm offsets");

#define NO_CALL UINT64_MAX
#define SITE_BYTES 4 /* the length of `svc` */
#define CALL_REGISTER 8

static inline u64 frame_pc(const struct trap_frame *f) { return f->pc; }
static inline void frame_set_pc(struct trap_frame *f, u64 v) { f->pc = v; }
static inline u64 frame_sp(const struct trap_frame *f) { return f->sp; }
static inline void frame_set_sp(struct trap_frame *f, u64 v) { f->sp = v; }
static inline u64 frame_call_number(const struct trap_frame *f) { return f->call_number; }
static inline u64 frame_result(const struct trap_frame *f) { return f->x[0]; }
static inline void frame_set_result(struct trap_frame *f, u64 v) { f->x[0] = v; }
static inline bool frame_in_call(const struct trap_frame *f) { return f->call_number != NO_CALL; }
static inline void frame_leave_call(struct trap_frame *f) { f->call_number = NO_CALL; }

static inline u64 frame_argument(const struct trap_frame *f, unsigned n)
{
    return n ? f->x[n] : f->x0_entry;
}

static inline enum arch_door frame_door(unused_arg const struct trap_frame *f)
{
    return ARCH_DOOR_TRAP;
}

/* Back to the site with the number as at entry and the first argument put back. */
static inline void frame_restart_call(struct trap_frame *f, u64 number, unused_arg u64 call_site)
{
    f->x[0] = f->x0_entry;
    f->x[CALL_REGISTER] = number;
    f->pc -= SITE_BYTES;
}

static inline void frame_leave_stub(unused_arg struct trap_frame *f, unused_arg u64 stub_pc) {}
static inline void frame_begin_call(unused_arg struct trap_frame *f) {}

/* A thread's first frame. There are no selectors on this machine. */
static inline void frame_prepare(struct trap_frame *f, unused_arg u16 cs, unused_arg u16 ss)
{
    *f = (struct trap_frame){.call_number = NO_CALL};
}

static inline void frame_init_program(struct trap_frame *f, u64 pc, u64 sp)
{
    *f = (struct trap_frame){.pc = pc, .sp = sp, .call_number = NO_CALL};
}

#endif
