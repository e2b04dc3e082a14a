/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where handlers return to: programs on this CPU do not bring a restorer of their own. Unwinders
 * know the place by these two instructions, so they stand exactly like this, after a nop that keeps
 * the address before them inside the function.
 */
    .text
    .balign 16
    nop
    .globl __kernel_rt_sigreturn
    .type __kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
    mov x8, #139
    svc #0
    .size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn
    .section .note.GNU-stack, "", %progbits
