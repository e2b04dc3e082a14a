/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of memory/ share about frames, and nobody else may use. */
#pragma once

#include "memory/page.h"

/* Runs of any length, for the heap: page_run_alloc rounds up to a power of two and gives the rest
 * back. The frames are not counted (page_is_counted is false): nobody maps heap memory. */
bool page_run_alloc(u64 pages, paddr_t *out);
void page_run_free(paddr_t first);
u64 page_run_pages(paddr_t first);

/* account.c: memory of the guest beside the frames of the page allocator (eager platforms). */
bool account_take_store(u64 pages); /* pages of sparse parts that hold data */
void account_give_store(u64 pages);
bool account_commit(u64 pages);     /* private writable program memory */
void account_uncommit(u64 pages);
u64 account_limit_pages(void);      /* what -m gave, in pages */
bool account_has_room(u64 pages);
void account_note_peak(void);

/* page.c: the frame of zeros that reads of untouched anonymous memory see. */
paddr_t page_zero_frame(void);

void page_store_start(void);        /* page_store.c */
