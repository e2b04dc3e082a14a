/* SPDX-License-Identifier: BSD-3-Clause */
/* A 32-bit program: Elfin refuses it. */
    .globl _start
    .text
_start:
    mov $1, %eax
    xor %ebx, %ebx
    int $0x80
    .section .note.GNU-stack, "", @progbits
