/* SPDX-License-Identifier: BSD-3-Clause */
/* What arch/bare_program.c must know of x86_64: the form of entries, the TLB. */
#pragma once

#include "arch/x86_64/bare_cpu.h"
#include "arch/x86_64/bare_tables.h"
#include "platform/platform.h"

#define PROGRAM_SLOTS 256 /* of the top table; the rest is the kernel's */
#define ENTRY_IN_USE ENTRY_PRESENT

static inline u64 entry_table(paddr_t table) { return table | ENTRY_PRESENT | ENTRY_WRITE; }

static inline u64 entry_make(paddr_t frame, u32 access)
{
    if (!access)
        return frame | ENTRY_HELD;
    return frame | ENTRY_HELD | ENTRY_PRESENT | (access & MAP_WRITE ? ENTRY_WRITE : 0) |
           (access & MAP_EXECUTE ? 0 : ENTRY_NX);
}

static inline u32 entry_access(u64 entry)
{
    return MAP_READ | (entry & ENTRY_WRITE ? MAP_WRITE : 0) | (entry & ENTRY_NX ? 0 : MAP_EXECUTE);
}

static inline bool entry_is_dirty(u64 entry) { return entry & ENTRY_DIRTY; }
static inline u64 entry_history(u64 entry) { return entry & (ENTRY_ACCESSED | ENTRY_DIRTY); }
static inline void entry_prepare_frame(unused_arg paddr_t frame, unused_arg u32 access) {}
static inline void entry_written(void) {}
static inline void tlb_flush_address(u64 address) { invlpg(address); }
static inline void tlb_flush_program(void) { write_cr3(read_cr3()); }
