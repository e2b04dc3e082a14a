/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program half of the vm platform's page tables, for every instruction set with four levels of
 * 512 entries.
 *
 * Holds:    walking, filling, clearing tables; what an entry looks like is bare_entries.h's.
 * Promises: an entry of the loaded space is flushed from the TLB when it changes; tables that
 *           cover nothing any more are given back when a large range goes.
 * Locking:  none (one CPU).
 */
#include "arch/bare.h"

#if defined(__x86_64__)
#include "arch/x86_64/bare_entries.h"
#elif defined(__aarch64__)
#include "arch/aarch64/bare_entries.h"
#endif
#include "arch/bare_walk.h"

#define FLUSH_ALL_PAGES 64 /* from so many pages on, flushing everything is cheaper */

static bool (*frame_alloc)(paddr_t *);
static void (*frame_release)(paddr_t);

void mmu_set_frame_source(bool (*alloc)(paddr_t *), void (*release)(paddr_t))
{
    frame_alloc = alloc;
    frame_release = release;
}

bool mmu_table_alloc(paddr_t *out)
{
    return frame_alloc && frame_alloc(out);
}

void mmu_table_release(paddr_t table)
{
    frame_release(table);
}

static void release_tables(u64 *table, unsigned entries, unsigned level)
{
    for (unsigned i = 0; i < entries && level > 0; i++) {
        if (!(table[i] & ENTRY_IN_USE))
            continue;
        release_tables(table_at(table[i] & ENTRY_FRAME), TABLE_ENTRIES, level - 1);
        mmu_table_release(table[i] & ENTRY_FRAME);
    }
}

void mmu_root_destroy(u64 root)
{
    if (root == mmu_current())
        mmu_switch(mmu_kernel_root());
    release_tables(table_at(root), PROGRAM_SLOTS, 3);
    mmu_table_release(root);
}

static u64 count_tables(const u64 *table, unsigned entries, unsigned level)
{
    u64 n = 1;
    for (unsigned i = 0; i < entries && level > 0; i++)
        if (table[i] & ENTRY_IN_USE)
            n += count_tables(table_at(table[i] & ENTRY_FRAME), TABLE_ENTRIES, level - 1);
    return n;
}

u64 mmu_table_pages(u64 root)
{
    return count_tables(table_at(root), PROGRAM_SLOTS, 3);
}

/* The last-level entry of an address, or NULL; makes the tables above it when `make`. */
static u64 *find_entry(u64 root, u64 address, bool make)
{
    u64 *table = table_at(root);

    for (unsigned level = 3; level > 0; level--) {
        u64 *slot = &table[SLOT(address, level)];
        paddr_t frame;
        if (!*slot) {
            if (!make || !mmu_table_alloc(&frame))
                return NULL;
            *slot = entry_table(frame);
        }
        table = table_at(*slot & ENTRY_FRAME);
    }
    return &table[SLOT(address, 0)];
}

static void flush_page(u64 root, u64 address, u64 old)
{
    if (old & ENTRY_IN_USE && root == mmu_current())
        tlb_flush_address(address);
}

/* The old entry goes before the new one comes: aarch64 insists, x86_64 does not mind. */
bool mmu_set(u64 root, u64 address, paddr_t frame, u32 access)
{
    u64 *entry = find_entry(root, address, true);
    if (!entry)
        return false;
    u64 old = *entry;
    *entry = 0;
    flush_page(root, address, old);
    entry_prepare_frame(frame, access);
    *entry = entry_make(frame, access);
    entry_written();
    return true;
}

static void describe(u64 entry, struct mmu_entry *out)
{
    *out = (struct mmu_entry){.frame = entry & ENTRY_FRAME,
                              .access = entry & ENTRY_IN_USE ? entry_access(entry) : 0,
                              .present = true,
                              .dirty = entry_is_dirty(entry),
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
        tlb_flush_program();
        return;
    }
    for (u64 at = start; at < end; at += PAGE_SIZE)
        tlb_flush_address(at);
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
        if (first + covered <= start || !(table[i] & ENTRY_IN_USE))
            continue;
        u64 *below = table_at(table[i] & ENTRY_FRAME);
        if (level > 1)
            release_covered(below, level - 1, first, start, end);
        if (start <= first && first + covered <= end) {
            mmu_table_release(table[i] & ENTRY_FRAME);
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
    entry_written();
    if (low < high)
        flush_range(root, low, high);
}

void mmu_protect_range(u64 root, u64 start, u64 end, u32 access)
{
    u64 at = start, low = end, high = start;
    u64 *entry;

    while ((entry = next_entry(root, &at, end))) {
        entry_prepare_frame(*entry & ENTRY_FRAME, access);
        *entry = entry_make(*entry & ENTRY_FRAME, access) | entry_history(*entry);
        low = min_u64(low, at);
        at += PAGE_SIZE;
        high = at;
    }
    entry_written();
    if (low < high)
        flush_range(root, low, high);
}
