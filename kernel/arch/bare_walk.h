/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: what all that walks page tables of a bare machine needs, whatever an entry looks like.
 * Included behind the machine's bare_entries.h. */
#pragma once

#include "arch/bare.h"

#define SLOT(address, level) ((address) >> (12 + 9 * (level)) & 511)

static inline u64 *table_at(paddr_t p) { return (u64 *)(DIRECT_MAP + p); }

/* Of something in the kernel image. */
static inline paddr_t image_paddr(const void *p) { return (u64)p - KERNEL_BASE; }

/* A table for good, before there is an allocator; 0: no memory. */
static inline paddr_t early_table(void)
{
    void *page = bare_early_pages(1);
    return page ? (u64)page - DIRECT_MAP : 0;
}
