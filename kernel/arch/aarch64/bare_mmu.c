/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Translation tables of a bare aarch64 machine.
 *
 * Holds:    four levels for each half: TTBR0 a program's space, TTBR1 the kernel.
 * Promises: program pages are EL1's, as programs run at EL1. The kernel's text and constants
 *           cannot be written; data and the direct map cannot be executed.
 * Locking:  none (one CPU).
 * See:      Arm ARM D8
 */
#include "arch/aarch64/bare_cpu.h"
#include "arch/aarch64/bare_entries.h"
#include "arch/bare_walk.h"

extern u64 boot_top[], boot_direct[], boot_image[], boot_low_top[];
extern const u8 kernel_start[], kernel_text_end[], kernel_rodata_end[], kernel_end[];

const u64 bare_direct_map = DIRECT_MAP;

/* --- the start --- */

static u64 image_protection(paddr_t p)
{
    if (p < image_paddr(kernel_text_end))
        return ENTRY_READ_ONLY;
    return p < image_paddr(kernel_rodata_end) ? ENTRY_PXN | ENTRY_READ_ONLY : ENTRY_PXN;
}

/* The image's GiB gets a new table, filled before it replaces the block. */
static void protect_image(void)
{
    u64 *directory = table_at(early_table());
    u64 gib = image_paddr(kernel_start) >> 30;

    for (paddr_t p = image_paddr(kernel_start); p < image_paddr(kernel_end); p += PAGE_SIZE) {
        u64 *slot = &directory[SLOT(p, 1)];
        if (!*slot)
            *slot = early_table() | TABLE_FLAGS;
        table_at(*slot & ENTRY_FRAME)[SLOT(p, 0)] =
            p | MEMORY_FLAGS | ENTRY_TABLE | image_protection(p);
    }
    boot_image[510 + gib] = ((u64)directory - DIRECT_MAP) | TABLE_FLAGS;
    flush_all();
}

static void map_direct(const struct bare_machine *m)
{
    for (unsigned i = 0; i < m->ram_count; i++) {
        u64 end = m->ram[i].start + m->ram[i].length;
        for (u64 gib = m->ram[i].start >> 30; gib << 30 < end && gib < TABLE_ENTRIES; gib++)
            boot_direct[gib] = gib << 30 | MEMORY_FLAGS | ENTRY_PXN;
    }
    flush_all();
}

void mmu_start(const struct bare_machine *machine)
{
    protect_image();
    map_direct(machine);
    boot_low_top[0] = 0; /* the identity map; from here on the table of no program */
    flush_all();
}

volatile void *mmu_map_device(paddr_t start, u64 length)
{
    const u64 flags = ENTRY_VALID | ENTRY_ACCESSED | ENTRY_DEVICE | ENTRY_UXN | ENTRY_PXN;

    for (paddr_t p = align_down(start, LARGE_BYTES); p < start + length; p += LARGE_BYTES) {
        u64 *slot = &boot_direct[p >> 30 & 511];
        if (!*slot) {
            paddr_t table = 0;
            if (!mmu_table_alloc(&table))
                table = early_table();
            if (!table)
                return NULL;
            *slot = table | TABLE_FLAGS;
        }
        u64 *entry = &table_at(*slot & ENTRY_FRAME)[SLOT(p, 1)];
        if (!*entry)
            *entry = p | flags;
    }
    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
    return (volatile void *)(DIRECT_MAP + start);
}

/* --- program spaces: what differs from other machines; the rest is arch/bare_program.c --- */

u64 mmu_kernel_root(void)
{
    return image_paddr(boot_low_top);
}

bool mmu_root_create(u64 *root)
{
    return mmu_table_alloc(root);
}

u64 mmu_current(void)
{
    return read_system("ttbr0_el1") & ENTRY_FRAME;
}

void mmu_switch(u64 root)
{
    if (root == mmu_current())
        return;
    write_system("ttbr0_el1", root);
    flush_all(); /* no address space ids yet */
}
