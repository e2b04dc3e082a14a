/* SPDX-License-Identifier: BSD-3-Clause */
/* No libc at all: write(1), then exit_group(6). */
    .globl _start
    .text
_start:
    mov x8, #64
    mov x0, #1
    adr x1, message
    mov x2, #message_end - message
    svc #0
    mov x8, #94
    mov x0, #6
    svc #0
message:
    .ascii "hello from assembly\n"
message_end:
    .section .note.GNU-stack, "", @progbits
