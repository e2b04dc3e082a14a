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

/* size_t arch_copy_program(void *to, const void *from, size_t n): bytes not copied. Unaligned
 * accesses of Normal memory are allowed. */
    .globl arch_copy_program
    .type arch_copy_program, @function
arch_copy_program:
    cmp x2, #16
    b.lo copy_bytes
copy_block:
    MAY_FAULT copy_bytes
    ldp x3, x4, [x1]
    MAY_FAULT copy_bytes
    stp x3, x4, [x0]
    add x1, x1, #16
    add x0, x0, #16
    sub x2, x2, #16
    cmp x2, #16
    b.hs copy_block
copy_bytes:
    cbz x2, copy_end
    MAY_FAULT copy_end
    ldrb w3, [x1]
    MAY_FAULT copy_end
    strb w3, [x0]
    add x1, x1, #1
    add x0, x0, #1
    sub x2, x2, #1
    b copy_bytes
copy_end:
    mov x0, x2
    ret
    .size arch_copy_program, . - arch_copy_program

/* size_t arch_clear_program(void *to, size_t n): bytes not cleared. */
    .globl arch_clear_program
    .type arch_clear_program, @function
arch_clear_program:
    cmp x1, #16
    b.lo clear_bytes
clear_block:
    MAY_FAULT clear_bytes
    stp xzr, xzr, [x0]
    add x0, x0, #16
    sub x1, x1, #16
    cmp x1, #16
    b.hs clear_block
clear_bytes:
    cbz x1, clear_end
    MAY_FAULT clear_end
    strb wzr, [x0]
    add x0, x0, #1
    sub x1, x1, #1
    b clear_bytes
clear_end:
    mov x0, x1
    ret
    .size arch_clear_program, . - arch_clear_program

/* int arch_read_program_u32(u32 *out, u64 address): 0 or -EFAULT */
    .globl arch_read_program_u32
    .type arch_read_program_u32, @function
arch_read_program_u32:
    MAY_FAULT word_fault
    ldr w2, [x1]
    str w2, [x0]
    mov w0, #0
    ret
    .size arch_read_program_u32, . - arch_read_program_u32

/* int arch_read_program_u64(u64 *out, u64 address): 0 or -EFAULT */
    .globl arch_read_program_u64
    .type arch_read_program_u64, @function
arch_read_program_u64:
    MAY_FAULT word_fault
    ldr x2, [x1]
    str x2, [x0]
    mov w0, #0
    ret
    .size arch_read_program_u64, . - arch_read_program_u64

/* int arch_cmpxchg_program_u32(u64 address, u32 *expected, u32 desired):
 * 0 done, 1 differs (the value goes to *expected), -EFAULT */
    .globl arch_cmpxchg_program_u32
    .type arch_cmpxchg_program_u32, @function
arch_cmpxchg_program_u32:
    ldr w3, [x1]
exchange_again:
    MAY_FAULT word_fault
    ldaxr w4, [x0]
    cmp w4, w3
    b.ne exchange_differs
    MAY_FAULT word_fault
    stlxr w5, w2, [x0]
    cbnz w5, exchange_again
    mov w0, #0
    ret
exchange_differs:
    clrex
    str w4, [x1]
    mov w0, #1
    ret
    .size arch_cmpxchg_program_u32, . - arch_cmpxchg_program_u32

word_fault:
    mov w0, #-14              /* -EFAULT */
    ret

    .section .rodata.fixup, "a", @progbits
    .globl arch_fixup_table_end
arch_fixup_table_end:

    .section .note.GNU-stack, "", @progbits
