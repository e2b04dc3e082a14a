/* SPDX-License-Identifier: BSD-3-Clause */
/* No libc at all: write(1), then exit_group(6). */
    .globl _start
    .text
_start:
    mov $1, %eax
    mov $1, %edi
    lea message(%rip), %rsi
    mov $message_end - message, %edx
    syscall
    mov $231, %eax
    mov $6, %edi
    syscall
    ud2
    .section .rodata
message:
    .ascii "hello from assembly\n"
message_end:
    .section .note.GNU-stack, "", @progbits
