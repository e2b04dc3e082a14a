/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every way out of the kernel, for both platforms.
 *
 * Holds:    the hot exit (arch_exit, from doors) and the full exit (arch_resume, arch_exit_full).
 * Promises: hot: rax from the frame, rcx = return address, r11 = flags, everything else kept,
 *           arithmetic flags included, without popfq, which costs more than all the rest and lets
 *           a pending TF strike inside the kernel. full: every register of the frame, by iretq
 *           (which needs no change of privilege, so it works at ring 0 and at CPL 3).
 *           IF is always set for the program: at ring 0 it could clear it, on Linux it cannot.
 * Locking:  between arch_exit_range and its end nothing is written but the frame's rflags, and
 *           the thread's frame stays whole. An interrupt, signal or fault in that range throws
 *           the half-loaded registers away: it works on the thread's frame and leaves through
 *           arch_exit_full. So no door needs interrupts off, and no kernel rip is ever shown.
 *           Between arch_exit_direct_range and its end the frame lacks what is still in registers
 *           (COMPLETE_FRAME): whoever interrupts there completes it.
 * See:      DESIGN 3.2; trap.S, direct_call.S, bare_vectors.S, hosted.S enter here.
 */
#include "arch/cpu_block.h"
#include "arch/x86_64/flags.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/frame_macros.h"

/* From r11. 127 + OF overflows exactly when OF is 1; sahf does the other five and leaves OF alone.
 * Uses rax, rcx. */
.macro LOAD_FLAGS
    movl %r11d, %ecx
    shrl $11, %ecx
    andl $1, %ecx
    addb $127, %cl
    movl %r11d, %eax
    movb %al, %ah
    sahf
.endm

/* What C functions do not keep, from the frame at rsp; then to the program. */
.macro LOAD_ALL_BUT_R11 flags
    movq FRAME_RDI(%rsp), %rdi
    movq FRAME_RSI(%rsp), %rsi
    movq FRAME_RDX(%rsp), %rdx
    movq FRAME_R8(%rsp), %r8
    movq FRAME_R9(%rsp), %r9
    movq FRAME_R10(%rsp), %r10
    movq FRAME_RBP(%rsp), %rbp
    \flags
    movq FRAME_RAX(%rsp), %rax
    movq FRAME_RIP(%rsp), %rcx
    movq FRAME_RSP(%rsp), %rsp
    jmpq *%rcx
.endm

    .section .text.exit, "ax", @progbits

/* From a door. rsp: the thread's frame; al: what on_syscall returned. */
    .globl arch_exit
    .type arch_exit, @function
arch_exit:
    testb %al, %al
    jnz arch_exit_full
    movq FRAME_RFLAGS(%rsp), %r11
    movl %r11d, %eax
    andl $(RFLAGS_COLD | RFLAGS_IF), %eax
    cmpl $RFLAGS_IF, %eax
    jne arch_exit_full

    .globl arch_exit_range
arch_exit_range:
    testl $PENDING_INTERRUPT, cpu_block + CPU_PENDING(%rip)
    jnz work_pending
    COMMIT
    LOAD_ALL_BUT_R11 LOAD_FLAGS
    .size arch_exit, . - arch_exit

/* The same from direct doors, which looked at the flags when they were entered. */
    .globl arch_exit_direct_range
arch_exit_direct_range:
.macro DIRECT_EXIT door, flags
    cmpl $0, cpu_block + CPU_PENDING(%rip)
    jne 1f
    cmpq $0, cpu_block + CPU_UNDO(%rip)
    jne 2f
3:  movq FRAME_RFLAGS(%rsp), %r11
    LOAD_ALL_BUT_R11 \flags
1:  movq $\door, FRAME_CS(%rsp)
    jmp finish_direct
2:  COMMIT
    jmp 3b
.endm

    .balign 64
    .globl arch_exit_call
    .type arch_exit_call, @function
arch_exit_call:
    DIRECT_EXIT DOOR_CALL, LOAD_FLAGS
    .size arch_exit_call, . - arch_exit_call

    .balign 64
    .globl arch_exit_jump
    .type arch_exit_jump, @function
arch_exit_jump:
    DIRECT_EXIT DOOR_JUMP, LOAD_FLAGS
    .size arch_exit_jump, . - arch_exit_jump

/* Where the arithmetic flags are dead. */
    .balign 64
    .globl arch_exit_short
    .type arch_exit_short, @function
arch_exit_short:
    DIRECT_EXIT DOOR_JUMP
    .size arch_exit_short, . - arch_exit_short
    .globl arch_exit_direct_range_end
arch_exit_direct_range_end:

/* rsp: the thread's frame. Loads all of it. */
    .globl arch_exit_full
    .type arch_exit_full, @function
arch_exit_full:
    testl $PENDING_INTERRUPT, cpu_block + CPU_PENDING(%rip)
    jnz work_pending
    COMMIT
    andq $RFLAGS_PROGRAM, FRAME_RFLAGS(%rsp)
    orq $(RFLAGS_IF | RFLAGS_FIXED), FRAME_RFLAGS(%rsp)
    /* Programs run with the kernel's own privilege, at ring 0 as at CPL 3: a frame made by hand
     * need not know the selectors. */
    movl %cs, %eax
    movq %rax, FRAME_CS(%rsp)
    movl %ss, %eax
    movq %rax, FRAME_SS(%rsp)
    LEAVE_BY_FRAME
    .size arch_exit_full, . - arch_exit_full
    .globl arch_exit_range_end
arch_exit_range_end:

/* Something waits that a program may see: now the frame must be whole. */
    .type finish_direct, @function
finish_direct:
    COMPLETE_FRAME
    movq %rsp, %rdi
    xorl %ebp, %ebp
    callq on_direct_finish
    jmp arch_exit
    .size finish_direct, . - finish_direct

/* An interrupt was marked while the kernel ran: worked off here, on the thread's stack. */
    .type work_pending, @function
work_pending:
    lock
    andl $~PENDING_INTERRUPT, cpu_block + CPU_PENDING(%rip)
    movq %rsp, %rdi
    xorl %ebp, %ebp
    callq on_interrupt
    jmp arch_exit_full
    .size work_pending, . - work_pending

/* void arch_resume(const struct trap_frame *frame) */
    .globl arch_resume
    .type arch_resume, @function
arch_resume:
    movq cpu_block + CPU_KERNEL_SP(%rip), %rax
    subq $FRAME_BYTES, %rax
    cmpq %rax, %rdi
    je 1f
    /* The frame lies below, on this very stack, or elsewhere in kernel memory. */
    movq %rdi, %rsi
    movq %rax, %rdi
    movl $(FRAME_BYTES / 8), %ecx
    cld
    rep movsq
1:  movq %rax, %rsp
    jmp arch_exit_full
    .size arch_resume, . - arch_resume

    .section .note.GNU-stack, "", @progbits
