/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first instructions on a bare machine: PVH, 32-bit, paging off, ebx = start info.
 *
 * Holds:    the PVH note, the boot page tables, the way to 64 bits and to the high half.
 * Promises: bare_start_c runs with paging, the first GiB mapped three times (low, direct map,
 *           kernel), SSE and NX enabled, interrupts off.
 * See:      the x86/HVM direct boot ABI (PVH); Intel SDM volume 3, 9.8.5
 */
#include "arch/x86_64/bare_layout.h"
#include "arch/x86_64/segments.h"

#define LOW(symbol) (symbol - KERNEL_BASE)

#define CR0_PE 0x1
#define CR0_MP 0x2
#define CR0_EM 0x4
#define CR0_NE 0x20
#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR4_PAE 0x20
#define CR4_OSFXSR 0x200
#define CR4_OSXMMEXCPT 0x400
#define MSR_EFER 0xc0000080
#define EFER_SCE 0x1
#define EFER_LME 0x100
#define EFER_NXE 0x800
#define ENTRY_TABLE 0x3       /* present, writable */
#define ENTRY_LARGE 0x83      /* and 2 MiB */

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18            /* name bytes, descriptor bytes, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad LOW(_start)

    .section .text.start, "ax", @progbits
    .code32
    .globl _start
    .type _start, @function
_start:
    cli
    cld
    movl $LOW(boot_stack_end), %esp

    movl $LOW(boot_directory + ENTRY_TABLE), %eax
    movl %eax, LOW(boot_pointers_low)
    movl %eax, LOW(boot_pointers_high + 510 * 8)
    movl $LOW(boot_pointers_low + ENTRY_TABLE), %eax
    movl %eax, LOW(boot_top)
    movl %eax, LOW(boot_top + DIRECT_MAP_SLOT * 8)
    movl $LOW(boot_pointers_high + ENTRY_TABLE), %eax
    movl %eax, LOW(boot_top + KERNEL_SLOT * 8)
    movl $ENTRY_LARGE, %eax
    xorl %ecx, %ecx
1:  movl %eax, LOW(boot_directory)(, %ecx, 8)
    addl $0x200000, %eax
    incl %ecx
    cmpl $512, %ecx
    jne 1b

    movl %cr4, %eax
    orl $(CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
    movl %eax, %cr4
    movl $LOW(boot_top), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $(EFER_SCE | EFER_LME | EFER_NXE), %eax
    wrmsr
    movl %cr0, %eax
    andl $~CR0_EM, %eax
    orl $(CR0_PE | CR0_MP | CR0_NE | CR0_WP | CR0_PG), %eax
    movl %eax, %cr0
    lgdt LOW(boot_descriptor)
    ljmpl $SELECTOR_KERNEL_CODE, $LOW(long_mode)

    .code64
long_mode:
    movl $SELECTOR_KERNEL_DATA, %eax
    movl %eax, %ss
    movl %eax, %ds
    movl %eax, %es
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movabsq $boot_stack_end, %rsp
    movl %ebx, %edi
    xorl %ebp, %ebp
    movabsq $bare_start_c, %rax
    callq *%rax
    ud2
    .size _start, . - _start

    .section .rodata.start, "a", @progbits
    .balign 8
boot_segments:
    .quad 0
    .quad 0x00af9b000000ffff  /* 64-bit code, accessed */
    .quad 0x00cf93000000ffff  /* data, accessed */
boot_descriptor:
    .word boot_descriptor - boot_segments - 1
    .long LOW(boot_segments)

    .section .bss.start, "aw", @nobits
    .balign 4096
    .globl boot_top, boot_pointers_low, boot_pointers_high, boot_directory
boot_top:
    .skip 4096
boot_pointers_low:
    .skip 4096
boot_pointers_high:
    .skip 4096
boot_directory:
    .skip 4096
    .globl boot_stack_end
boot_stack:
    .skip BOOT_STACK_BYTES
boot_stack_end:

    .section .note.GNU-stack, "", @progbits
