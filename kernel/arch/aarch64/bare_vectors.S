/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Exception vectors. Programs run at EL1 on SP_EL0, so theirs are the first four; the CPU lands on
 * SP_EL1, which is where the thread's trap frame ends. The kernel runs with interrupts masked: one
 * that arrives waits until the way out.
 */
#include "arch/aarch64/frame.h"

.macro VECTOR label
    .balign 128
    b \label
.endm

    .section .text.vectors, "ax", @progbits
    .balign 2048
    .globl bare_vectors
bare_vectors:
    VECTOR program_exception
    VECTOR program_interrupt
    VECTOR program_interrupt
    VECTOR unexpected
    VECTOR kernel_exception
    VECTOR unexpected
    VECTOR unexpected
    VECTOR unexpected
.rept 8
    VECTOR unexpected               /* lower levels: nothing runs there */
.endr

/* Pushes a whole frame; \sp_after: what the interrupted code's sp was. Leaves sp at the frame. */
.macro SAVE_FRAME
    sub sp, sp, #FRAME_BYTES
    stp x0, x1, [sp, #0]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    mrs x1, elr_el1
    mrs x2, spsr_el1
    stp x30, xzr, [sp, #240]
    stp x1, x2, [sp, #FRAME_PC]
    mov x3, #-1
    stp x3, x0, [sp, #FRAME_CALL]
.endm

program_exception:
    SAVE_FRAME
    mrs x3, sp_el0
    str x3, [sp, #FRAME_SP]
    mrs x1, esr_el1
    lsr x2, x1, #26
    cmp x2, #0x15                   /* SVC in AArch64 state */
    mov x0, sp
    mov x29, xzr
    b.ne 1f
    str x8, [sp, #FRAME_CALL]
    bl on_syscall
    b 2f
1:  mrs x2, far_el1
    bl bare_program_fault
2:  mov x0, sp
    b arch_resume

program_interrupt:
    SAVE_FRAME
    mrs x3, sp_el0
    str x3, [sp, #FRAME_SP]
    mov x0, sp
    mov x29, xzr
    bl bare_program_interrupt
    mov x0, sp
    b arch_resume

/* The kernel touched program memory, or is broken. */
kernel_exception:
    SAVE_FRAME
    add x3, sp, #FRAME_BYTES
    str x3, [sp, #FRAME_SP]
    mrs x1, esr_el1
    mrs x2, far_el1
    mov x0, sp
    bl bare_kernel_fault
    ldp x1, x2, [sp, #FRAME_PC]
    msr elr_el1, x1
    msr spsr_el1, x2
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    ldr x30, [sp, #240]
    ldp x0, x1, [sp]
    add sp, sp, #FRAME_BYTES
    eret

unexpected:
    SAVE_FRAME
    mrs x1, esr_el1
    mrs x2, far_el1
    mov x0, sp
    bl bare_unexpected
    brk #0

    .section .note.GNU-stack, "", @progbits
