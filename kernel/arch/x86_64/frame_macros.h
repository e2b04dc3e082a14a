/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For assembly: how registers become a frame on the stack, and a frame registers again.
 * Holds: the order of struct trap_frame (frame.h) and of a parked context (switch.S).
 */
#pragma once

/* On the stack: what iretq takes, call_number, rdi. Pushes the rest: rsp is the frame. */
.macro PUSH_REGISTERS_BELOW_RDI
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

/* rsp: a frame. Loads all of it: does not come back. */
.macro LEAVE_BY_FRAME
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    addq $8, %rsp             /* call_number */
    iretq
.endm

/* The word that says whether there is anything to undo (lib/undo.h): kernel code's own stores set it,
 * or, where those are not announced, the doors. */
.macro ENTER_KERNEL
#ifndef UNDO_STORES
    movq $1, cpu_block + CPU_UNDO(%rip)
#endif
.endm

/* What was done in the kernel stays done. */
.macro COMMIT
    movq $0, cpu_block + CPU_UNDO(%rip)
.endm

/* rsp: a direct door's frame, callee-saved registers still the program's. Uses rax. */
.macro COMPLETE_FRAME
    movq %rbx, FRAME_RBX(%rsp)
    movq %r12, FRAME_R12(%rsp)
    movq %r13, FRAME_R13(%rsp)
    movq %r14, FRAME_R14(%rsp)
    movq %r15, FRAME_R15(%rsp)
    movq FRAME_RIP(%rsp), %rax
    movq %rax, FRAME_RCX(%rsp)
    movq FRAME_RFLAGS(%rsp), %rax
    movq %rax, FRAME_R11(%rsp)
.endm

/* What C functions keep, on the stack of a context that is parked. */
.macro PUSH_KEPT_REGISTERS
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

.macro POP_KEPT_REGISTERS
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
.endm
