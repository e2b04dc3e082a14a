/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where exceptions and interrupts arrive.
 *
 * Holds:    a stub per vector; they make a trap frame on the interrupt stack and ask
 *           bare_sort_event (bare_traps.c) where it belongs.
 * Promises: the interrupt stack is left before anything can fault, sleep or enable interrupts: a
 *           second event would write over the first one's frame. Nothing is written near the
 *           interrupted program's stack.
 * Locking:  interrupts are off from the gate to the first line of bare_handle_event.
 */
#include "arch/x86_64/bare_vectors.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/frame_macros.h"
#include "arch/x86_64/segments.h"

    .section .text.vectors, "ax", @progbits

/* The error code (0 where the CPU pushes none) stands in call_number's place. */
    .balign VECTOR_STUB_BYTES
    .globl bare_vector_stubs
bare_vector_stubs:
    .set vector, 0
    .rept VECTOR_COUNT
    .balign VECTOR_STUB_BYTES
    /* 8 #DF, 10 #TS, 11 #NP, 12 #SS, 13 #GP, 14 #PF, 17 #AC, 21 #CP, 29 #VC, 30 #SX */
    .if !((0x60227d00 >> vector) & 1) || vector >= 32
    pushq $0
    .endif
    pushq %rdi
    movl $vector, %edi
    jmp vector_common
    .set vector, vector + 1
    .endr

    .balign 16
    .type vector_common, @function
vector_common:
    PUSH_REGISTERS_BELOW_RDI
    cld
    movl $SELECTOR_KERNEL_DATA, %esi
    movl %esi, %ss            /* the gate left none; QEMU would translate all that runs here twice */
    xorl %ebp, %ebp
    movq %rsp, %rsi
    movq %rsp, %rbx
    andq $-16, %rsp
    callq bare_sort_event     /* (vector, frame): where the frame now is, 0: return at once */
    testq %rax, %rax
    jz 1f
    movq %rax, %rsp
    movq %rax, %rdi
    movq %rax, %rbx
    andq $-16, %rsp
    callq bare_handle_event   /* (frame): true when it is a program's */
    movq %rbx, %rsp
    testb %al, %al
    jnz arch_exit_full
1:  movq %rbx, %rsp
    LEAVE_BY_FRAME
    .size vector_common, . - vector_common

    .globl bare_vector_spurious
    .type bare_vector_spurious, @function
bare_vector_spurious:
    iretq                     /* the local APIC wants no acknowledgement of this one */
    .size bare_vector_spurious, . - bare_vector_spurious

    .section .note.GNU-stack, "", @progbits
