/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QEMU's floor: the least kernel there can be. Entered by PVH, it writes one byte to the debug
 * console (isa-debugcon at 0xe9) and leaves through isa-debug-exit at 0xf4 with status 1. What a
 * run of it takes is not ours to save; printed beside our own figures.
 */
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18            /* name bytes, descriptor bytes, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad _start

    .section .text, "ax", @progbits
    .code32
    .globl _start
_start:
    movb $'F', %al
    outb %al, $0xe9
    xorl %eax, %eax
    outb %al, $0xf4
1:  hlt
    jmp 1b

    .section .note.GNU-stack, "", @progbits
