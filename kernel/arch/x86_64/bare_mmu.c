/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables of a bare x86_64 machine.
 *
 * Holds:    four levels; program half (entries 0..255 of the top table) per space, kernel half
 *           shared: its second-level tables are made at the start and never replaced.
 * Promises: program pages are supervisor pages, as programs run at ring 0: SMEP, SMAP and
 *           protection keys do not matter. The kernel's text and constants cannot be written
 *           (CR0.WP); data and the direct map cannot be executed. An entry of a space that is
 *           loaded is flushed from the TLB when it changes.
 * Locking:  none (one CPU).
 * See:      Intel SDM volume 3, chapter 4
 */
#include "arch/x86_64/bare_cpu.h"
#include "arch/x86_64/bare_entries.h"
#include "arch/bare_walk.h"
#include "lib/string.h"
#include "platform/platform.h"

#define CR4_PGE 0x80

extern u64 boot_top[], boot_pointers_low[], boot_pointers_high[], boot_directory[];
extern const u8 kernel_start[], kernel_text_end[], kernel_rodata_end[], kernel_end[];

const u64 bare_direct_map = DIRECT_MAP;

/* --- the start --- */

static u64 image_protection(paddr_t p)
{
    if (p < image_paddr(kernel_text_end))
        return 0;
    return p < image_paddr(kernel_rodata_end) ? ENTRY_NX : ENTRY_NX | ENTRY_WRITE;
}

static void protect_image(void)
{
    u64 *directory = table_at(early_table());

    for (paddr_t p = image_paddr(kernel_start); p < image_paddr(kernel_end); p += PAGE_SIZE) {
        u64 *slot = &directory[p / LARGE_BYTES];
        if (!*slot)
            *slot = early_table() | ENTRY_PRESENT | ENTRY_WRITE;
        table_at(*slot & ENTRY_FRAME)[SLOT(p, 0)] =
            p | ENTRY_PRESENT | ENTRY_GLOBAL | image_protection(p);
    }
    boot_pointers_high[510] = ((u64)directory - DIRECT_MAP) | ENTRY_PRESENT | ENTRY_WRITE;
}

static void map_direct(u64 ram_end)
{
    const u64 flags = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_LARGE | ENTRY_GLOBAL | ENTRY_NX |
                      ENTRY_ACCESSED | ENTRY_DIRTY;

    /* Rewritten in place: the first GiB is in use while this runs. */
    for (u64 i = align_up(ram_end, LARGE_BYTES) / LARGE_BYTES; i < TABLE_ENTRIES; i++)
        boot_directory[i] = 0;
    for (paddr_t p = 0; p < ram_end; p += LARGE_BYTES) {
        u64 *slot = &boot_pointers_low[p >> 30];
        if (!*slot)
            *slot = early_table() | ENTRY_PRESENT | ENTRY_WRITE;
        table_at(*slot & ENTRY_FRAME)[SLOT(p, 1)] = p | flags;
    }
}

void mmu_start(u64 ram_end)
{
    protect_image();
    map_direct(ram_end);
    boot_top[0] = 0;
    write_cr4(read_cr4() | CR4_PGE);
    write_cr3(read_cr3());
}

static bool device_table(u64 *slot)
{
    paddr_t table;

    if (*slot)
        return true;
    if (!mmu_table_alloc(&table))
        table = early_table();
    *slot = table ? table | ENTRY_PRESENT | ENTRY_WRITE : 0;
    return table != 0;
}

/* Firmware may put 64-bit windows at the very top of the CPU's addresses, beyond the 512 GiB of the
 * first slot. Spaces copy the top table: devices are mapped before the first space is made. */
volatile void *mmu_map_device(paddr_t start, u64 length)
{
    const u64 flags = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_LARGE | ENTRY_GLOBAL | ENTRY_NX |
                      ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_UNCACHED;

    for (paddr_t p = align_down(start, LARGE_BYTES); p < start + length; p += LARGE_BYTES) {
        u64 top = DIRECT_MAP_SLOT + (p >> 39);
        if (top >= KERNEL_SLOT || !device_table(&boot_top[top]))
            return NULL;
        u64 *pointers = table_at(boot_top[top] & ENTRY_FRAME);
        if (!device_table(&pointers[SLOT(p, 2)]))
            return NULL;
        u64 *entry = &table_at(pointers[SLOT(p, 2)] & ENTRY_FRAME)[SLOT(p, 1)];
        if (!*entry)
            *entry = p | flags;
    }
    return (volatile void *)(DIRECT_MAP + start);
}

/* --- program spaces: what differs from other machines; the rest is arch/bare_program.c --- */

u64 mmu_kernel_root(void)
{
    return image_paddr(boot_top);
}

bool mmu_root_create(u64 *root)
{
    if (!mmu_table_alloc(root))
        return false;
    memcpy(table_at(*root) + PROGRAM_SLOTS, boot_top + PROGRAM_SLOTS,
           (TABLE_ENTRIES - PROGRAM_SLOTS) * sizeof(u64));
    return true;
}

u64 mmu_current(void)
{
    return read_cr3() & ENTRY_FRAME;
}

void mmu_switch(u64 root)
{
    if (root != mmu_current())
        write_cr3(root);
}
