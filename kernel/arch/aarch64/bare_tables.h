/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: the form of translation table entries (Arm ARM D8.3), and what bare_start.c asks of
 * bare_mmu.c. */
#pragma once

#include "arch/aarch64/bare_layout.h"
#include "arch/bare.h"

#define ENTRY_VALID (1ull << 0)
#define ENTRY_TABLE (1ull << 1) /* a table, or on the last level a page; 0: a block */
#define ENTRY_DEVICE (1ull << 2) /* attribute 1 */
#define ENTRY_READ_ONLY (1ull << 7)
#define ENTRY_SHARED (3ull << 8)
#define ENTRY_ACCESSED (1ull << 10)
#define ENTRY_NOT_GLOBAL (1ull << 11)
#define ENTRY_PXN (1ull << 53)
#define ENTRY_UXN (1ull << 54)
#define ENTRY_HELD (1ull << 55) /* ours: there is a frame, even when not valid (no access) */
#define ENTRY_FRAME 0x0000fffffffff000ull

#define TABLE_ENTRIES 512
#define LARGE_BYTES 0x200000ull

/* Protects the kernel image page by page and gives the direct map its final form. */
void mmu_start(const struct bare_machine *machine);
