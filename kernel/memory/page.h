/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page frames and the kernel heap. Frames come from platform_traits()->frames; each has a
 * reference count so that copy-on-write and page caches can share it.
 * Refuses: sleeping. Out of memory is NULL / false, never a hang.
 */
#pragma once

#include "lib/types.h"

void memory_start(void);                    /* page.c: first room to start; sets the frame source */

/* page.c; a run of 2^order frames, reference count 1. */
bool page_alloc(unsigned order, paddr_t *out);
bool page_alloc_zeroed(unsigned order, paddr_t *out);
void page_ref(paddr_t frame);
void page_unref(paddr_t frame);             /* frees at 0 (order-0 frames) */
u32 page_refs(paddr_t frame);
void *page_pointer(paddr_t frame);          /* where the kernel sees it */
void page_free(paddr_t first, unsigned order);
bool page_is_counted(paddr_t frame);        /* false: root image and other frames nobody frees */
u64 page_total(void);
u64 page_free_count(void);
u64 page_room(void);                        /* pages that could be had now, -m included */
u64 page_peak_used(void);                   /* highest number of frames in use + committed */

/* heap.c; NULL when out of memory. 16-byte aligned; sizes over a page are page-aligned. */
void *heap_alloc(size_t size);
void *heap_alloc_zeroed(size_t size);
void *heap_resize(void *old, size_t size);
void heap_free(void *p);
char *heap_copy_string(const char *s);
