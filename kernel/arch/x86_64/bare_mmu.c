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
#include "arch/x86_64/bare_tables.h"
#include "lib/string.h"
#include "platform/platform.h"

#define CR4_PGE 0x80
#define SLOT(address, level) ((address) >> (12 + 9 * (level)) & 511)
#define PROGRAM_SLOTS 256
#define FLUSH_ALL_PAGES 64 /* from so many pages on, loading CR3 is cheaper than INVLPG */

extern u64 boot_top[], boot_pointers_low[], boot_pointers_high[], boot_directory[];
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

volatile void *mmu_map_device(paddr_t start, u64 length)
{
    const u64 flags = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_LARGE | ENTRY_GLOBAL | ENTRY_NX |
                      ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_UNCACHED;

    for (paddr_t p = align_down(start, LARGE_BYTES); p < start + length; p += LARGE_BYTES) {
        u64 *slot = &boot_pointers_low[p >> 30 & 511];
        paddr_t table;
        if (!*slot) {
            if (!frame_alloc)
                table = early_table();
            else if (!frame_alloc(&table))
                table = 0;
            if (!table)
                return NULL;
            *slot = table | ENTRY_PRESENT | ENTRY_WRITE;
        }
        u64 *entry = &table_at(*slot & ENTRY_FRAME)[SLOT(p, 1)];
        if (!*entry)
            *entry = p | flags;
    }
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
    return image_paddr(boot_top);
}

bool mmu_root_create(u64 *root)
{
    if (!frame_alloc(root))
        return false;
    memcpy(table_at(*root) + PROGRAM_SLOTS, boot_top + PROGRAM_SLOTS,
           (TABLE_ENTRIES - PROGRAM_SLOTS) * sizeof(u64));
    return true;
}

static void release_tables(u64 *table, unsigned entries, unsigned level)
{
    for (unsigned i = 0; i < entries && level > 0; i++) {
        if (!(table[i] & ENTRY_PRESENT))
            continue;
        release_tables(table_at(table[i] & ENTRY_FRAME), TABLE_ENTRIES, level - 1);
        frame_release(table[i] & ENTRY_FRAME);
    }
}

void mmu_root_destroy(u64 root)
{
    if (root == mmu_current())
        mmu_switch(mmu_kernel_root());
    release_tables(table_at(root), PROGRAM_SLOTS, 3);
    frame_release(root);
}

static u64 count_tables(const u64 *table, unsigned entries, unsigned level)
{
    u64 n = 1;
    for (unsigned i = 0; i < entries && level > 0; i++)
        if (table[i] & ENTRY_PRESENT)
            n += count_tables(table_at(table[i] & ENTRY_FRAME), TABLE_ENTRIES, level - 1);
    return n;
}

u64 mmu_table_pages(u64 root)
{
    return count_tables(table_at(root), PROGRAM_SLOTS, 3);
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
            *slot = frame | ENTRY_PRESENT | ENTRY_WRITE;
        }
        table = table_at(*slot & ENTRY_FRAME);
    }
    return &table[SLOT(address, 0)];
}

static u64 make_entry(paddr_t frame, u32 access)
{
    if (!access)
        return frame | ENTRY_HELD;
    return frame | ENTRY_HELD | ENTRY_PRESENT | (access & MAP_WRITE ? ENTRY_WRITE : 0) |
           (access & MAP_EXECUTE ? 0 : ENTRY_NX);
}

static void flush_page(u64 root, u64 address, u64 old)
{
    if (old & ENTRY_PRESENT && root == mmu_current())
        invlpg(address);
}

bool mmu_set(u64 root, u64 address, paddr_t frame, u32 access)
{
    u64 *entry = find_entry(root, address, true);
    if (!entry)
        return false;
    u64 old = *entry;
    *entry = make_entry(frame, access);
    flush_page(root, address, old);
    return true;
}

static void describe(u64 entry, struct mmu_entry *out)
{
    u32 access = 0;

    if (entry & ENTRY_PRESENT)
        access = MAP_READ | (entry & ENTRY_WRITE ? MAP_WRITE : 0) |
                 (entry & ENTRY_NX ? 0 : MAP_EXECUTE);
    *out = (struct mmu_entry){.frame = entry & ENTRY_FRAME,
                              .access = access,
                              .present = true,
                              .dirty = entry & ENTRY_DIRTY,
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
        write_cr3(root);
        return;
    }
    for (u64 at = start; at < end; at += PAGE_SIZE)
        invlpg(at);
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
        if (first + covered <= start || !(table[i] & ENTRY_PRESENT))
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
        *entry = make_entry(*entry & ENTRY_FRAME, access) |
                 (*entry & (ENTRY_ACCESSED | ENTRY_DIRTY));
        low = min_u64(low, at);
        at += PAGE_SIZE;
        high = at;
    }
    if (low < high)
        flush_range(root, low, high);
}
