/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Translation tables of a bare aarch64 machine.
 *
 * Holds:    four levels for each half: TTBR0 a program's space, TTBR1 the kernel.
 * Promises: program pages are EL1's, as programs run at EL1. The kernel's text and constants
 *           cannot be written; data and the direct map cannot be executed. A valid entry is
 *           cleared and flushed before it gets another frame (break before make). Text that
 *           becomes executable is made visible to instruction fetches.
 * Locking:  none (one CPU).
 * See:      Arm ARM D8
 */
#include "arch/aarch64/bare_cpu.h"
#include "arch/aarch64/bare_tables.h"
#include "lib/string.h"
#include "platform/platform.h"

#define SLOT(address, level) ((address) >> (12 + 9 * (level)) & 511)
#define FLUSH_ALL_PAGES 64
#define TABLE_FLAGS (ENTRY_VALID | ENTRY_TABLE)
#define MEMORY_FLAGS (ENTRY_VALID | ENTRY_SHARED | ENTRY_ACCESSED | ENTRY_UXN)

extern u64 boot_top[], boot_direct[], boot_image[], boot_low_top[];
extern const u8 kernel_start[], kernel_text_end[], kernel_rodata_end[], kernel_end[];

const u64 bare_direct_map = DIRECT_MAP;

static bool (*frame_alloc)(paddr_t *);
static void (*frame_release)(paddr_t);

static u64 *table_at(paddr_t p)
{
    return (u64 *)(DIRECT_MAP + p);
}

static paddr_t image_paddr(const void *p)
{
    return (u64)p - KERNEL_BASE;
}

static paddr_t early_table(void)
{
    void *page = bare_early_pages(1);
    return page ? (u64)page - DIRECT_MAP : 0;
}

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
            if (!frame_alloc)
                table = early_table();
            else if (!frame_alloc(&table))
                return NULL;
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

/* --- program spaces --- */

void mmu_set_frame_source(bool (*alloc)(paddr_t *), void (*release)(paddr_t))
{
    frame_alloc = alloc;
    frame_release = release;
}

u64 mmu_kernel_root(void)
{
    return image_paddr(boot_low_top);
}

bool mmu_root_create(u64 *root)
{
    return frame_alloc(root);
}

static void release_tables(u64 *table, unsigned entries, unsigned level)
{
    for (unsigned i = 0; i < entries && level > 0; i++) {
        if (!(table[i] & ENTRY_VALID))
            continue;
        release_tables(table_at(table[i] & ENTRY_FRAME), TABLE_ENTRIES, level - 1);
        frame_release(table[i] & ENTRY_FRAME);
    }
}

void mmu_root_destroy(u64 root)
{
    if (root == mmu_current())
        mmu_switch(mmu_kernel_root());
    release_tables(table_at(root), TABLE_ENTRIES, 3);
    frame_release(root);
}

static u64 count_tables(const u64 *table, unsigned entries, unsigned level)
{
    u64 n = 1;
    for (unsigned i = 0; i < entries && level > 0; i++)
        if (table[i] & ENTRY_VALID)
            n += count_tables(table_at(table[i] & ENTRY_FRAME), TABLE_ENTRIES, level - 1);
    return n;
}

u64 mmu_table_pages(u64 root)
{
    return count_tables(table_at(root), TABLE_ENTRIES, 3);
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

/* The last-level entry of an address, or NULL; makes the tables above it when `make`. */
static u64 *find_entry(u64 root, u64 address, bool make)
{
    u64 *table = table_at(root);

    for (unsigned level = 3; level > 0; level--) {
        u64 *slot = &table[SLOT(address, level)];
        paddr_t frame;
        if (!*slot) {
            if (!make || !frame_alloc(&frame))
                return NULL;
            *slot = frame | TABLE_FLAGS;
        }
        table = table_at(*slot & ENTRY_FRAME);
    }
    return &table[SLOT(address, 0)];
}

static u64 make_entry(paddr_t frame, u32 access)
{
    if (!access)
        return frame | ENTRY_HELD;
    return frame | ENTRY_HELD | MEMORY_FLAGS | ENTRY_TABLE | ENTRY_NOT_GLOBAL |
           (access & MAP_WRITE ? 0 : ENTRY_READ_ONLY) | (access & MAP_EXECUTE ? 0 : ENTRY_PXN);
}

/* What was written to a frame as data reaches instruction fetches. CTR_EL0 tells the line sizes. */
static void show_to_fetches(paddr_t frame)
{
    u64 line = 4ull << (read_system("ctr_el0") >> 16 & 15);

    for (u64 at = DIRECT_MAP + frame; at < DIRECT_MAP + frame + PAGE_SIZE; at += line)
        __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}

static void flush_page(u64 root, u64 address, u64 old)
{
    if (old & ENTRY_VALID && root == mmu_current())
        flush_address(address);
}

bool mmu_set(u64 root, u64 address, paddr_t frame, u32 access)
{
    u64 *entry = find_entry(root, address, true);
    if (!entry)
        return false;
    u64 old = *entry;
    if (old & ENTRY_VALID) {
        *entry = 0;
        flush_page(root, address, old);
    }
    if (access & MAP_EXECUTE)
        show_to_fetches(frame);
    *entry = make_entry(frame, access);
    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
    return true;
}

static void describe(u64 entry, struct mmu_entry *out)
{
    u32 access = 0;

    if (entry & ENTRY_VALID)
        access = MAP_READ | (entry & ENTRY_READ_ONLY ? 0 : MAP_WRITE) |
                 (entry & ENTRY_PXN ? 0 : MAP_EXECUTE);
    *out = (struct mmu_entry){.frame = entry & ENTRY_FRAME,
                              .access = access,
                              .present = true,
                              .dirty = access & MAP_WRITE, /* not tracked: assume the worst */
                              .accessed = entry & ENTRY_ACCESSED};
}

bool mmu_get(u64 root, u64 address, struct mmu_entry *out)
{
    const u64 *entry = find_entry(root, address, false);
    if (!entry || !(*entry & ENTRY_HELD))
        return false;
    describe(*entry, out);
    return true;
}

void mmu_clear(u64 root, u64 address)
{
    u64 *entry = find_entry(root, address, false);
    if (!entry)
        return;
    u64 old = *entry;
    *entry = 0;
    flush_page(root, address, old);
}

/* The next last-level entry in use at or after *address: walks down, and up again to the next
 * slot where a table is missing. NULL: none below end. */
static u64 *next_entry(u64 root, u64 *address, u64 end)
{
    u64 at = *address;

    while (at < end) {
        u64 *table = table_at(root);
        unsigned level = 3;
        while (level > 0 && table[SLOT(at, level)]) {
            table = table_at(table[SLOT(at, level)] & ENTRY_FRAME);
            level--;
        }
        if (level > 0) { /* no table: skip what it would cover */
            u64 covered = 1ull << (12 + 9 * level);
            at = align_down(at, covered) + covered;
            continue;
        }
        do {
            if (table[SLOT(at, 0)] & ENTRY_HELD) {
                *address = at;
                return &table[SLOT(at, 0)];
            }
            at += PAGE_SIZE;
        } while (at < end && SLOT(at, 0) != 0);
    }
    return NULL;
}

bool mmu_next(u64 root, u64 address, u64 end, u64 *found, struct mmu_entry *out)
{
    const u64 *entry = next_entry(root, &address, end);
    if (!entry)
        return false;
    *found = address;
    describe(*entry, out);
    return true;
}

static void flush_range(u64 root, u64 start, u64 end)
{
    if (root != mmu_current())
        return;
    if ((end - start) / PAGE_SIZE >= FLUSH_ALL_PAGES) {
        flush_all();
        return;
    }
    for (u64 at = start; at < end; at += PAGE_SIZE)
        flush_address(at);
}

/* Releases the tables below `table` (of `level`) that lie wholly in [start, end). `base` is the
 * first address `table` covers. */
static void release_covered(u64 *table, unsigned level, u64 base, u64 start, u64 end)
{
    const u64 covered = 1ull << (12 + 9 * level);

    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        u64 first = base + i * covered;
        if (first >= end)
            break;
        if (first + covered <= start || !(table[i] & ENTRY_VALID))
            continue;
        u64 *below = table_at(table[i] & ENTRY_FRAME);
        if (level > 1)
            release_covered(below, level - 1, first, start, end);
        if (start <= first && first + covered <= end) {
            frame_release(table[i] & ENTRY_FRAME);
            table[i] = 0;
        }
    }
}

void mmu_clear_range(u64 root, u64 start, u64 end)
{
    u64 at = start, low = end, high = start;
    u64 *entry;

    while ((entry = next_entry(root, &at, end))) {
        *entry = 0;
        low = min_u64(low, at);
        at += PAGE_SIZE;
        high = at;
    }
    if (end - start >= LARGE_BYTES) {
        release_covered(table_at(root), 3, 0, start, end);
        low = start; /* tables went: cached walks must go too */
        high = end;
    }
    if (low < high)
        flush_range(root, low, high);
}

void mmu_protect_range(u64 root, u64 start, u64 end, u32 access)
{
    u64 at = start, low = end, high = start;
    u64 *entry;

    while ((entry = next_entry(root, &at, end))) {
        if (access & MAP_EXECUTE && *entry & (ENTRY_PXN | ENTRY_HELD))
            show_to_fetches(*entry & ENTRY_FRAME);
        *entry = make_entry(*entry & ENTRY_FRAME, access);
        low = min_u64(low, at);
        at += PAGE_SIZE;
        high = at;
    }
    if (low < high)
        flush_range(root, low, high);
}
