/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: switching kernel stacks.
 * Promises: a context that is not running is x19..x30 on its own stack.
 */
    .section .text.switch, "ax", @progbits

/* void arch_context_switch(struct arch_context *from, const struct arch_context *to) */
    .globl arch_context_switch
    .type arch_context_switch, @function
arch_context_switch:
    sub sp, sp, #96
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    mov x9, sp
    str x9, [x0]
    ldr x9, [x1]
    mov sp, x9
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    add sp, sp, #96
    ret
    .size arch_context_switch, . - arch_context_switch

/* void arch_context_init(context, stack_top, entry, argument) */
    .globl arch_context_init
    .type arch_context_init, @function
arch_context_init:
    and x1, x1, #-16
    sub x1, x1, #96
    stp x2, x3, [x1, #0]      /* x19: entry, x20: argument */
    stp xzr, xzr, [x1, #16]
    stp xzr, xzr, [x1, #32]
    stp xzr, xzr, [x1, #48]
    stp xzr, xzr, [x1, #64]
    adr x9, context_first
    stp xzr, x9, [x1, #80]    /* x29 0: ends backtraces */
    str x1, [x0]
    ret
    .size arch_context_init, . - arch_context_init

    .type context_first, @function
context_first:
    mov x0, x20
    blr x19
    brk #0                    /* entry never returns */
    .size context_first, . - context_first

    .section .note.GNU-stack, "", @progbits
