/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: switching kernel stacks.
 * Promises: a context that is not running is its callee-saved registers on its own stack, the
 *           return address above them.
 */
#include "arch/x86_64/frame_macros.h"

    .section .text.switch, "ax", @progbits

/* void arch_context_switch(struct arch_context *from, const struct arch_context *to) */
    .globl arch_context_switch
    .type arch_context_switch, @function
arch_context_switch:
    PUSH_KEPT_REGISTERS
    movq %rsp, (%rdi)
#ifdef UNDO_STORES
    /* The stack that goes on is a checkpoint as it lies there, before anything runs on it. */
    movq %rsi, %rbx
    movq (%rsi), %rdi
    pushq %rbx                /* for the alignment of a call */
    callq hosted_checkpoint_at
    movq %rbx, %rsi
#endif
    movq (%rsi), %rsp
    POP_KEPT_REGISTERS
    ret
    .size arch_context_switch, . - arch_context_switch

/* void arch_context_init(context, stack_top, entry, argument) */
    .globl arch_context_init
    .type arch_context_init, @function
arch_context_init:
    andq $-16, %rsi
    leaq context_first(%rip), %rax
    movq %rax, -8(%rsi)       /* return address */
    movq $0, -16(%rsi)        /* rbp: ends backtraces */
    movq $0, -24(%rsi)        /* rbx */
    movq %rdx, -32(%rsi)      /* r12: entry */
    movq %rcx, -40(%rsi)      /* r13: argument */
    movq $0, -48(%rsi)
    movq $0, -56(%rsi)
    leaq -56(%rsi), %rax
    movq %rax, (%rdi)
    ret
    .size arch_context_init, . - arch_context_init

    .type context_first, @function
context_first:
    movq %r13, %rdi
    callq *%r12
    ud2                       /* entry never returns */
    .size context_first, . - context_first

    .section .note.GNU-stack, "", @progbits
