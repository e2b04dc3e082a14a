/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a CPU must know without asking: the running thread, where its kernel stack begins, what is
 * pending. One CPU today, so it is one object with a fixed address; assembly reads it by the
 * offsets below (checked by static assertions).
 */
#pragma once

#define CPU_KERNEL_SP 0
#define CPU_SCRATCH 8
#define CPU_PENDING 16
#define CPU_IN_HOST 20
#define CPU_UNDO 32

#define PENDING_INTERRUPT 1  /* a device or timer interrupt was acknowledged, work waits */
#define PENDING_SIGNAL 2     /* the running thread may have a deliverable signal */
#define PENDING_RESCHEDULE 4 /* another thread should run */

#ifndef __ASSEMBLER__

#include "lib/types.h"

struct thread;

struct cpu_block {
    u64 kernel_sp;           /* 0: where the running thread's trap frame ends: doors push it from
                                here (8 mod 16 on x86_64, so that the frame is 16-aligned) */
    u64 scratch;             /* 8: a door's program sp before it reaches the kernel stack */
    volatile u32 pending;    /* 16: PENDING_* bits; a door returns by the slow way when not 0 */
    volatile u32 in_host;    /* 20: 1 while kernel code runs a function of the host's (process): the
                                pc does not tell then that it is kernel code */
    struct thread *current;  /* 24 */
    u64 undo;                /* 32: how far kernel code is from its last checkpoint; 0: there is
                                nothing to undo, and it began when the program was left. Used
                                where stores can be undone (lib/undo.h) */
};

_Static_assert(offsetof(struct cpu_block, kernel_sp) == CPU_KERNEL_SP, "asm offset");
_Static_assert(offsetof(struct cpu_block, scratch) == CPU_SCRATCH, "asm offset");
_Static_assert(offsetof(struct cpu_block, pending) == CPU_PENDING, "asm offset");
_Static_assert(offsetof(struct cpu_block, in_host) == CPU_IN_HOST, "asm offset");
_Static_assert(offsetof(struct cpu_block, undo) == CPU_UNDO, "asm offset");

extern struct cpu_block cpu_block;
static inline struct cpu_block *this_cpu(void) { return &cpu_block; }

#endif /* __ASSEMBLER__ */
