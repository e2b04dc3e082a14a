/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the only loads and stores of program memory by the kernel, and the table that tells
 *           arch_fixup (arch/fixup.c) where to go on when one of them faults for good.
 * Promises: counts are exact to the byte: the wide loops give a faulting block to the byte loop,
 *           which faults again on the very byte.
 * See:      kernel/memory/user_memory.h, the only caller.
 */
#include "arch/fixup_table.h"

    .section .rodata.fixup, "a", @progbits
    .balign 4
    .globl arch_fixup_table
arch_fixup_table:
    .section .text.user_copy, "ax", @progbits

/* size_t arch_copy_program(void *to, const void *from, size_t n): bytes not copied. */
    .globl arch_copy_program
    .type arch_copy_program, @function
arch_copy_program:
    cmpq $64, %rdx
    jb copy_words
    .balign 16
copy_block:
.irp offset, 0, 16, 32, 48
    MAY_FAULT copy_bytes
    movq \offset(%rsi), %rax
    MAY_FAULT copy_bytes
    movq \offset+8(%rsi), %rcx
    MAY_FAULT copy_bytes
    movq %rax, \offset(%rdi)
    MAY_FAULT copy_bytes
    movq %rcx, \offset+8(%rdi)
.endr
    addq $64, %rsi
    addq $64, %rdi
    subq $64, %rdx
    cmpq $64, %rdx
    jae copy_block
copy_words:
    cmpq $8, %rdx
    jb copy_bytes
    MAY_FAULT copy_bytes
    movq (%rsi), %rax
    MAY_FAULT copy_bytes
    movq %rax, (%rdi)
    addq $8, %rsi
    addq $8, %rdi
    subq $8, %rdx
    jmp copy_words
copy_bytes:
    testq %rdx, %rdx
    jz copy_end
    MAY_FAULT copy_end
    movb (%rsi), %al
    MAY_FAULT copy_end
    movb %al, (%rdi)
    incq %rsi
    incq %rdi
    decq %rdx
    jmp copy_bytes
copy_end:
    movq %rdx, %rax
    ret
    .size arch_copy_program, . - arch_copy_program

/* size_t arch_clear_program(void *to, size_t n): bytes not cleared. */
    .globl arch_clear_program
    .type arch_clear_program, @function
arch_clear_program:
    cmpq $64, %rsi
    jb clear_bytes
clear_block:
.irp offset, 0, 8, 16, 24, 32, 40, 48, 56
    MAY_FAULT clear_bytes
    movq $0, \offset(%rdi)
.endr
    addq $64, %rdi
    subq $64, %rsi
    cmpq $64, %rsi
    jae clear_block
clear_bytes:
    testq %rsi, %rsi
    jz clear_end
    MAY_FAULT clear_end
    movb $0, (%rdi)
    incq %rdi
    decq %rsi
    jmp clear_bytes
clear_end:
    movq %rsi, %rax
    ret
    .size arch_clear_program, . - arch_clear_program

/* int arch_read_program_u32(u32 *out, u64 address) */
    .globl arch_read_program_u32
    .type arch_read_program_u32, @function
arch_read_program_u32:
    MAY_FAULT word_fault
    movl (%rsi), %eax
    movl %eax, (%rdi)
    xorl %eax, %eax
    ret
    .size arch_read_program_u32, . - arch_read_program_u32

/* int arch_read_program_u64(u64 *out, u64 address) */
    .globl arch_read_program_u64
    .type arch_read_program_u64, @function
arch_read_program_u64:
    MAY_FAULT word_fault
    movq (%rsi), %rax
    movq %rax, (%rdi)
    xorl %eax, %eax
    ret
    .size arch_read_program_u64, . - arch_read_program_u64

/* int arch_cmpxchg_program_u32(u64 address, u32 *expected, u32 desired) */
    .globl arch_cmpxchg_program_u32
    .type arch_cmpxchg_program_u32, @function
arch_cmpxchg_program_u32:
    movl (%rsi), %eax
    MAY_FAULT word_fault
    lock cmpxchgl %edx, (%rdi)
    movl %eax, (%rsi)
    setne %al
    movzbl %al, %eax
    ret
    .size arch_cmpxchg_program_u32, . - arch_cmpxchg_program_u32

word_fault:
    movl $-14, %eax           /* -EFAULT */
    ret

    .section .rodata.fixup, "a", @progbits
    .globl arch_fixup_table_end
arch_fixup_table_end:

    .section .note.GNU-stack, "", @progbits
