/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    page stores of demand platforms: a tree of frames by page index. The store owns one
 *           reference of each frame, mappings own theirs.
 * Locking:  the owner's of the store.
 */
#include "abi/linux/errno.h"
#include "lib/string.h"
#include "memory/page_internal.h"
#include "memory/store_internal.h"
#include "platform/platform.h"

struct store_frame {
    struct tree_node node; /* key: page index */
    paddr_t frame;
};

static struct store_frame *frame_entry(struct tree_node *n)
{
    return container_of(n, struct store_frame, node);
}

static u8 *frames_peek(const struct page_store *s, u64 index)
{
    struct tree_node *n = tree_find(&s->pages, index);
    return n ? paddr_to_pointer(frame_entry(n)->frame) : NULL;
}

static struct store_frame *frames_add(struct page_store *s, u64 index, bool overwrite)
{
    struct store_frame *f = heap_alloc(sizeof(*f));
    if (!f)
        return NULL;
    if (!(overwrite ? page_alloc(0, &f->frame) : page_alloc_zeroed(0, &f->frame))) {
        heap_free(f);
        return NULL;
    }
    tree_insert(&s->pages, &f->node, index);
    s->resident++;
    return f;
}

static u8 *frames_make(struct page_store *s, u64 index, bool overwrite)
{
    u8 *there = frames_peek(s, index);
    if (there)
        return there;
    struct store_frame *f = frames_add(s, index, overwrite);
    return f ? paddr_to_pointer(f->frame) : NULL;
}

static void frames_drop(struct page_store *s, u64 first, u64 end)
{
    struct tree_node *n = tree_find_ceil(&s->pages, first);
    while (n && n->key < end) {
        struct tree_node *next = tree_next(n);
        struct store_frame *f = frame_entry(n);
        tree_remove(&s->pages, n);
        page_unref(f->frame);
        heap_free(f);
        s->resident--;
        n = next;
    }
}

static u64 frames_next_data(const struct page_store *s, u64 index)
{
    struct tree_node *n = tree_find_ceil(&s->pages, index);
    return n ? n->key : STORE_NONE;
}

/* The run goes on while neighbours in the file happen to be neighbours in memory. */
static long frames_pages(struct page_store *s, u64 index, u64 max, unused_arg bool write,
                         paddr_t *first)
{
    struct tree_node *n = tree_find(&s->pages, index);
    struct store_frame *f = n ? frame_entry(n) : frames_add(s, index, false);
    if (!f)
        return -ENOMEM;
    *first = f->frame;
    long run = 1;
    for (n = tree_next(&f->node); n && (u64)run < max; n = tree_next(n), run++) {
        if (n->key != index + (u64)run ||
            frame_entry(n)->frame != f->frame + (u64)run * PAGE_SIZE)
            break;
    }
    return run;
}

const struct store_kind store_frames = {
    .peek = frames_peek,
    .make = frames_make,
    .drop = frames_drop,
    .next_data = frames_next_data,
    .pages = frames_pages,
};
