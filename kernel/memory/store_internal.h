/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two ways to keep a store's pages, same operations: a tree of frames (store_frames.c), or
 * sparse parts with a bitmap of the pages that hold data (store_parts.c).
 */
#pragma once

#include "memory/backing.h"

#define STORE_NONE UINT64_MAX
#define STORE_PAGES_MAX (1ull << (40 - PAGE_SHIFT)) /* 1 TiB */

struct store_kind {
    /* The page's content, NULL for a hole. */
    u8 *(*peek)(const struct page_store *s, u64 index);
    /* The page's content, made when it is a hole (zeroed unless the caller overwrites it all);
     * NULL: out of memory. */
    u8 *(*make)(struct page_store *s, u64 index, bool overwrite);
    void (*drop)(struct page_store *s, u64 first, u64 end);
    u64 (*next_data)(const struct page_store *s, u64 index); /* STORE_NONE: none */
    /* As page_store_pages. */
    long (*pages)(struct page_store *s, u64 index, u64 max, bool write, paddr_t *first);
};

extern const struct store_kind store_frames, store_parts;
