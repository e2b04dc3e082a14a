/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The direct doors: a program comes here by a jump, without a trap, on every platform.
 *
 * Holds:    arch_door_call (from __kernel_vsyscall) and arch_door_jump (from stubs), arch_door_short
 *           for sites behind which the arithmetic flags are dead. All are entered with registers
 *           as for `syscall`, and with the return address in rcx.
 * Promises: what `syscall` promises: rax is the result, rcx the return address, r11 the flags, all
 *           else is kept (by the short one: but the arithmetic flags), and nothing is written to the
 *           program's stack. No vector state is saved, no thread pointer switched: kernel code uses
 *           neither. Flags that only iretq restores well send the call to the full exit.
 *           Each store costs, so a plain call's frame lacks what C functions keep (rbx, r12 to r15)
 *           and what the frame says elsewhere (rcx, r11): it is completed where somebody may look.
 * Locking:  interrupts stay on: one that strikes here finds kernel code and only marks. A single
 *           step (TF) strikes at a door's first instruction and nowhere else: it is turned into
 *           the whole call (bare_traps.c, hosted.S; doors.c has the ranges).
 * See:      DESIGN 3.2; exit.S; arch/x86_64/vdso/kernel_vsyscall.S; stubs.c
 */
#include "arch/cpu_block.h"
#include "arch/x86_64/flags.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/frame_macros.h"

/* The frame on the thread's kernel stack. Not even a flag may change before pushfq. r11 is free:
 * it carries rsp, because a detour through memory would cost more than all the stores. */
.macro DIRECT_DOOR door, call, exit
    movq %rsp, %r11
    ENTER_KERNEL
    movq cpu_block + CPU_KERNEL_SP(%rip), %rsp
    leaq -(FRAME_BYTES - FRAME_RSP)(%rsp), %rsp
    movq %r11, (%rsp)
    pushfq
    movq (%rsp), %r11
    leaq -FRAME_RFLAGS(%rsp), %rsp
    movq %rcx, FRAME_RIP(%rsp)
    movq %rax, FRAME_CALL(%rsp)
    movq %rdi, FRAME_RDI(%rsp)
    movq %rsi, FRAME_RSI(%rsp)
    movq %rdx, FRAME_RDX(%rsp)
    movq %r10, FRAME_R10(%rsp)
    movq %r8, FRAME_R8(%rsp)
    movq %r9, FRAME_R9(%rsp)
    movq %rbp, FRAME_RBP(%rsp)
    andl $(RFLAGS_COLD | RFLAGS_IF), %r11d
    cmpl $RFLAGS_IF, %r11d
    jne 1f
    movq %r10, %rcx
    xorl %ebp, %ebp           /* ends backtraces */
    callq \call
    testb %al, %al
    jz \exit
    movq $\door, FRAME_CS(%rsp)
    jmp door_whole
1:  movq $\door, FRAME_CS(%rsp)
    jmp door_cold
.endm

    .section .text.doors, "ax", @progbits

    .globl arch_door_range
arch_door_range:

    .balign 64
    .globl arch_door_call
    .type arch_door_call, @function
arch_door_call:
    DIRECT_DOOR DOOR_CALL, on_direct_call, arch_exit_call
    .size arch_door_call, . - arch_door_call

    .balign 64
    .globl arch_door_jump
    .type arch_door_jump, @function
arch_door_jump:
    DIRECT_DOOR DOOR_JUMP, on_direct_jump, arch_exit_jump
    .size arch_door_jump, . - arch_door_jump

    .balign 64
    .globl arch_door_short
    .type arch_door_short, @function
arch_door_short:
    DIRECT_DOOR DOOR_JUMP, on_direct_jump, arch_exit_short
    .size arch_door_short, . - arch_door_short

/* Kernel code wants the flags that `syscall` clears; iretq will put the program's back. */
    .type door_cold, @function
door_cold:
    pushq $(RFLAGS_FIXED | RFLAGS_IF)
    popfq
    COMPLETE_FRAME
    movq %rsp, %rdi
    xorl %ebp, %ebp
    callq on_syscall
    jmp arch_exit_full
    .size door_cold, . - door_cold

/* A call that wants to see the whole frame; it has not been made yet. */
    .type door_whole, @function
door_whole:
    COMPLETE_FRAME
    movq %rsp, %rdi
    callq on_syscall
    jmp arch_exit
    .size door_whole, . - door_whole

    .globl arch_door_range_end
arch_door_range_end:

    .section .note.GNU-stack, "", @progbits
