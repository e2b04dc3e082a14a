/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the boot protocol of arm64 Linux images to bare_start_c: the image's header, an identity
 * map for the jump, the kernel's half, a stack.
 *
 * At entry: MMU off, x0 the physical address of the device tree, EL1 or EL2.
 * See: Linux's arm64 boot protocol (the 64-byte header); Arm ARM D8
 */
#include "arch/aarch64/bare_layout.h"

    .section .text.start, "ax", @progbits
    .globl _start
_start:
    b start_code
    .long 0
    .quad 0                         /* text_offset: 2 MiB aligned base, nothing before us */
    .quad kernel_image_bytes
    .quad 0xa                       /* little-endian, 4 KiB pages, anywhere in memory */
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long 0

start_code:
    msr daifset, #15
    mov x20, x0
    mrs x1, CurrentEL
    cmp x1, #8
    b.ne at_el1
    /* EL2: straight down to EL1 in 64 bits, timer and vector state not trapped. */
    mov x1, #(1 << 31)
    msr hcr_el2, x1
    mov x1, #3
    msr cnthctl_el2, x1
    msr cntvoff_el2, xzr
    mov x1, #0x33ff
    msr cptr_el2, x1
    mov x1, #0x3c5
    msr spsr_el2, x1
    adr x1, at_el1
    msr elr_el2, x1
    eret
at_el1:
    /* Memory attributes and translation control. */
    mov x1, #MEMORY_ATTRIBUTES
    msr mair_el1, x1
    ldr x1, =TRANSLATION_CONTROL
    mrs x2, id_aa64mmfr0_el1
    and x2, x2, #7
    bfi x1, x2, #32, #3
    msr tcr_el1, x1
    mov x1, #(3 << 20)
    msr cpacr_el1, x1               /* vector instructions do not trap */

    /* Zero .bss: the tables are in it, and the loader may not have done so. */
    adrp x1, kernel_bss
    add x1, x1, :lo12:kernel_bss
    adrp x2, kernel_end
    add x2, x2, :lo12:kernel_end
1:  stp xzr, xzr, [x1], #16
    cmp x1, x2
    b.lo 1b

    /* 1 GiB blocks: the GiB we run in, three times: as itself, in the image's place and in the
     * direct map. x3: its number. */
    adr x3, _start
    lsr x3, x3, #30
    lsl x4, x3, #30
    mov x5, #0x701                  /* valid block, memory, shareable, accessed */
    orr x4, x4, x5

    adrp x6, boot_low_top
    adrp x7, boot_low
    orr x8, x7, #3
    str x8, [x6]
    str x4, [x7, x3, lsl #3]
    msr ttbr0_el1, x6

    adrp x6, boot_top
    adrp x7, boot_direct
    orr x8, x7, #3
    str x8, [x6, #(DIRECT_MAP_SLOT * 8)]
    str x4, [x7, x3, lsl #3]
    adrp x7, boot_image
    orr x8, x7, #3
    str x8, [x6, #(KERNEL_SLOT * 8)]
    add x9, x3, #510                /* KERNEL_BASE is GiB 510 of its slot */
    str x4, [x7, x9, lsl #3]
    msr ttbr1_el1, x6

    dsb ish
    tlbi vmalle1
    ic iallu
    dsb ish
    isb
    ldr x1, =0x30d0199d             /* MMU, caches on; SP alignment checked; WXN off */
    msr sctlr_el1, x1
    isb

    ldr x1, =1f
    br x1
1:  ldr x1, =boot_stack_end
    mov sp, x1
    mov x29, xzr
    mov x0, x20
    bl bare_start_c
    brk #0
    .ltorg

    .section .bss.boot, "aw", @nobits
    .balign 4096
    .globl boot_top, boot_direct, boot_image, boot_low_top
boot_top: .skip 4096
boot_direct: .skip 4096
boot_image: .skip 4096
boot_low_top: .skip 4096
boot_low: .skip 4096
    .skip BOOT_STACK_BYTES
boot_stack_end:

    .section .note.GNU-stack, "", @progbits
