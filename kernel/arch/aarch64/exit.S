/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Leaving the kernel. The program runs at EL1 on SP_EL0 (EL1t); its exceptions land on SP_EL1,
 * which must then be where its thread's trap frame ends.
 */
#include "arch/aarch64/frame.h"

#define PSTATE_EL1T 0x4
#define CPU_KERNEL_SP 0 /* arch/cpu_block.h */

    .section .text.exit, "ax", @progbits

/* noreturn void arch_resume(const struct trap_frame *frame). The frame may be the one right below
 * kernel_sp or lie anywhere else; interrupts are masked from here to eret. */
    .globl arch_resume
    .type arch_resume, @function
arch_resume:
    msr daifset, #2
    adrp x1, cpu_block
    ldr x1, [x1, :lo12:cpu_block]
    mov sp, x1
    ldp x2, x3, [x0, #FRAME_SP]          /* sp, pc */
    ldr x4, [x0, #FRAME_PSTATE]
    mov w5, #0x1000                      /* NZCV, SSBS */
    movk w5, #0xf000, lsl #16
    and x4, x4, x5
    orr x4, x4, #PSTATE_EL1T
    msr sp_el0, x2
    msr elr_el1, x3
    msr spsr_el1, x4
    ldp x2, x3, [x0, #16]
    ldp x4, x5, [x0, #32]
    ldp x6, x7, [x0, #48]
    ldp x8, x9, [x0, #64]
    ldp x10, x11, [x0, #80]
    ldp x12, x13, [x0, #96]
    ldp x14, x15, [x0, #112]
    ldp x16, x17, [x0, #128]
    ldp x18, x19, [x0, #144]
    ldp x20, x21, [x0, #160]
    ldp x22, x23, [x0, #176]
    ldp x24, x25, [x0, #192]
    ldp x26, x27, [x0, #208]
    ldp x28, x29, [x0, #224]
    ldr x30, [x0, #240]
    ldp x0, x1, [x0]
    eret
    .size arch_resume, . - arch_resume

    .section .note.GNU-stack, "", @progbits
