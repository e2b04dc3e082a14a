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
 * Locking:  interrupts stay on: one that strikes here finds kernel code and only marks. A single
 *           step (TF) strikes at a door's first instruction and nowhere else: it is turned into
 *           the whole call (bare_traps.c, hosted.S; doors.c has the ranges).
 * See:      DESIGN 3.2; exit.S; arch/x86_64/vdso/kernel_vsyscall.S
 */
#include "arch/cpu_block.h"
#include "arch/x86_64/flags.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/frame_macros.h"

/* The frame on the thread's kernel stack. Not even a flag may change before pushfq. r11 is free:
 * it carries rsp, because a detour through memory would cost more than all the pushes. */
.macro DIRECT_DOOR door, exit
    movq %rsp, %r11
    movl $1, cpu_block + CPU_IN_KERNEL(%rip)
    movq cpu_block + CPU_KERNEL_SP(%rip), %rsp
    pushq %r11                /* ss: set by the full exit */
    pushq %r11
    pushfq
    movq (%rsp), %r11
    pushq $\door              /* cs: the same */
    pushq %rcx
    pushq %rax                /* call_number */
    pushq %rdi
    PUSH_REGISTERS_BELOW_RDI
    andl $(RFLAGS_COLD | RFLAGS_IF), %r11d
    cmpl $RFLAGS_IF, %r11d
    jne door_cold
    movq %rsp, %rdi
    xorl %ebp, %ebp           /* ends backtraces */
    callq on_syscall
    jmp \exit
.endm

    .section .text.doors, "ax", @progbits

    .globl arch_door_range
arch_door_range:

    .balign 64
    .globl arch_door_call
    .type arch_door_call, @function
arch_door_call:
    DIRECT_DOOR DOOR_CALL, arch_exit_direct
    .size arch_door_call, . - arch_door_call

    .balign 64
    .globl arch_door_jump
    .type arch_door_jump, @function
arch_door_jump:
    DIRECT_DOOR DOOR_JUMP, arch_exit_direct
    .size arch_door_jump, . - arch_door_jump

    .balign 64
    .globl arch_door_short
    .type arch_door_short, @function
arch_door_short:
    DIRECT_DOOR DOOR_JUMP, arch_exit_short
    .size arch_door_short, . - arch_door_short

/* Kernel code wants the flags that `syscall` clears; iretq will put the program's back. */
    .type door_cold, @function
door_cold:
    pushq $(RFLAGS_FIXED | RFLAGS_IF)
    popfq
    movq %rsp, %rdi
    xorl %ebp, %ebp
    callq on_syscall
    jmp arch_exit_full
    .size door_cold, . - door_cold

    .globl arch_door_range_end
arch_door_range_end:

    .section .note.GNU-stack, "", @progbits
