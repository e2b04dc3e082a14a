/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: the form of x86_64 page table entries, and what bare_start.c asks of bare_mmu.c. */
#pragma once

#include "arch/bare.h"
#include "arch/x86_64/bare_layout.h"

#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_WRITE (1ull << 1)
#define ENTRY_UNCACHED (1ull << 4)
#define ENTRY_ACCESSED (1ull << 5)
#define ENTRY_DIRTY (1ull << 6)
#define ENTRY_LARGE (1ull << 7)
#define ENTRY_GLOBAL (1ull << 8)
#define ENTRY_HELD (1ull << 9) /* ours: there is a frame, even when not present (no access) */
#define ENTRY_NX (1ull << 63)
#define ENTRY_FRAME 0x000ffffffffff000ull

#define TABLE_ENTRIES 512
#define LARGE_BYTES 0x200000ull

/* Protects the kernel image page by page and gives the direct map its final form. */
void mmu_start(u64 ram_end);
