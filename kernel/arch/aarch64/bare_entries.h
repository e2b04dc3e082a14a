/* SPDX-License-Identifier: BSD-3-Clause */
/* What arch/bare_program.c must know of aarch64: the form of entries, the TLB, caches. Programs run
 * at EL1, so their pages are EL1's. */
#pragma once

#include "arch/aarch64/bare_cpu.h"
#include "arch/aarch64/bare_tables.h"
#include "platform/platform.h"

#define PROGRAM_SLOTS 512 /* TTBR0 is the program's alone */
#define ENTRY_IN_USE ENTRY_VALID
#define TABLE_FLAGS (ENTRY_VALID | ENTRY_TABLE)
#define MEMORY_FLAGS (ENTRY_VALID | ENTRY_SHARED | ENTRY_ACCESSED | ENTRY_UXN)

static inline u64 entry_table(paddr_t table) { return table | TABLE_FLAGS; }

static inline u64 entry_make(paddr_t frame, u32 access)
{
    if (!access)
        return frame | ENTRY_HELD;
    return frame | ENTRY_HELD | MEMORY_FLAGS | ENTRY_TABLE | ENTRY_NOT_GLOBAL |
           (access & MAP_WRITE ? 0 : ENTRY_READ_ONLY) | (access & MAP_EXECUTE ? 0 : ENTRY_PXN);
}

static inline u32 entry_access(u64 entry)
{
    return MAP_READ | (entry & ENTRY_READ_ONLY ? 0 : MAP_WRITE) |
           (entry & ENTRY_PXN ? 0 : MAP_EXECUTE);
}

/* Not tracked by the CPU here: what can be written may have been. */
static inline bool entry_is_dirty(u64 entry)
{
    return entry & ENTRY_VALID && !(entry & ENTRY_READ_ONLY);
}

static inline u64 entry_history(unused_arg u64 entry) { return 0; }

/* What was written to the frame as data must reach instruction fetches. CTR_EL0: line size. */
static inline void entry_prepare_frame(paddr_t frame, u32 access)
{
    u64 line = 4ull << (read_system("ctr_el0") >> 16 & 15);

    if (!(access & MAP_EXECUTE))
        return;
    for (u64 at = DIRECT_MAP + frame; at < DIRECT_MAP + frame + PAGE_SIZE; at += line)
        __asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
    __asm__ volatile("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb" : : : "memory");
}

static inline void entry_written(void) { __asm__ volatile("dsb ishst\n\tisb" : : : "memory"); }
static inline void tlb_flush_address(u64 address) { flush_address(address); }
static inline void tlb_flush_program(void) { flush_all(); }
