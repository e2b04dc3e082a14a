/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    page stores of sparse platforms, and the allocator of the sparse range. A store is at
 *           most seven parts, each sixteen times what lies before it, so a file is a handful of
 *           contiguous runs and never moves. A bitmap says which pages hold data: a hole is never
 *           touched (touching would make the host back it).
 * Promises: a part that goes back has been punched and reads zero when it is used again.
 * Locking:  the owner's of the store.
 * Refuses:  file pages at and beyond 1 TiB.
 */
#include "abi/linux/errno.h"
#include "lib/string.h"
#include "memory/page_internal.h"
#include "memory/store_internal.h"
#include "platform/platform.h"

/* Page index at which part n ends: 64 KiB, 1 MiB, 16 MiB, 256 MiB, 4 GiB, 64 GiB, 1 TiB. */
#define PARTS 7
#define PART_END(n) (16ull << (4 * (n)))
_Static_assert(PART_END(PARTS - 1) == STORE_PAGES_MAX, "the last part ends where stores end");

#define CHUNK_PAGES 512
#define CHUNK_WORDS (CHUNK_PAGES / 64)

struct store_chunk {
    struct tree_node node; /* key: page index / CHUNK_PAGES */
    u64 bits[CHUNK_WORDS]; /* 1: the page holds data */
    u32 used;
};

/* Parts that came back, by number: their contents were punched. */
struct free_part {
    struct free_part *next;
    paddr_t start;
};
static struct free_part *free_parts[PARTS];
static paddr_t next_part; /* 0: not started */

static unsigned part_of(u64 index)
{
    unsigned n = 0;
    while (index >= PART_END(n))
        n++;
    return n;
}

static u64 part_start(unsigned n) { return n ? PART_END(n - 1) : 0; }

static paddr_t part_alloc(unsigned n)
{
    const struct platform_traits *t = platform_traits();
    u64 bytes = (PART_END(n) - part_start(n)) << PAGE_SHIFT;
    struct free_part *f = free_parts[n];
    if (f) {
        paddr_t start = f->start;
        free_parts[n] = f->next;
        heap_free(f);
        return start;
    }
    if (!next_part)
        next_part = max_u64(t->sparse_start, PAGE_SIZE); /* 0 says "no part" */
    if (t->sparse_end < next_part || t->sparse_end - next_part < bytes)
        return 0;
    paddr_t start = next_part;
    next_part += bytes;
    return start;
}

/* When there is no memory for the note, the part's addresses are lost, nothing else. */
static void part_free(unsigned n, paddr_t start)
{
    struct free_part *f = heap_alloc(sizeof(*f));
    if (!f)
        return;
    *f = (struct free_part){.next = free_parts[n], .start = start};
    free_parts[n] = f;
}

static struct store_chunk *chunk_find(const struct page_store *s, u64 index)
{
    struct tree_node *n = tree_find(&s->pages, index / CHUNK_PAGES);
    return n ? container_of(n, struct store_chunk, node) : NULL;
}

static bool chunk_has(const struct store_chunk *c, u64 index)
{
    u64 bit = index % CHUNK_PAGES;
    return c && (c->bits[bit / 64] >> (bit % 64) & 1);
}

static paddr_t part_address(const struct page_store *s, u64 index)
{
    unsigned n = part_of(index);
    return s->parts[n] + ((index - part_start(n)) << PAGE_SHIFT);
}

static u8 *parts_peek(const struct page_store *s, u64 index)
{
    if (index >= STORE_PAGES_MAX || !chunk_has(chunk_find(s, index), index))
        return NULL;
    return paddr_to_pointer(part_address(s, index));
}

static bool part_ensure(struct page_store *s, u64 index)
{
    unsigned n = part_of(index);
    if (!s->parts[n])
        s->parts[n] = part_alloc(n);
    return s->parts[n] != 0;
}

/* Notes that the page holds data; its memory counts from now on. */
static bool page_mark(struct page_store *s, u64 index)
{
    struct store_chunk *c = chunk_find(s, index);
    if (chunk_has(c, index))
        return true;
    if (!part_ensure(s, index) || !account_take_store(1))
        return false;
    if (!c) {
        c = heap_alloc_zeroed(sizeof(*c));
        if (!c) {
            account_give_store(1);
            return false;
        }
        tree_insert(&s->pages, &c->node, index / CHUNK_PAGES);
    }
    u64 bit = index % CHUNK_PAGES;
    c->bits[bit / 64] |= 1ull << (bit % 64);
    c->used++;
    s->resident++;
    return true;
}

static u8 *parts_make(struct page_store *s, u64 index, unused_arg bool overwrite)
{
    if (index >= STORE_PAGES_MAX || !page_mark(s, index))
        return NULL;
    return paddr_to_pointer(part_address(s, index));
}

/* Clears the marks of [first, end) within one chunk; the chunk goes when it is empty. */
static void chunk_clear(struct page_store *s, struct store_chunk *c, u64 first, u64 end)
{
    u64 base = c->node.key * CHUNK_PAGES;
    u64 to = min_u64(end, base + CHUNK_PAGES);
    u64 cleared = 0;
    for (u64 i = max_u64(first, base); i < to; i++) {
        if (!chunk_has(c, i))
            continue;
        c->bits[(i - base) / 64] &= ~(1ull << (i % 64));
        cleared++;
    }
    c->used -= (u32)cleared;
    s->resident -= cleared;
    account_give_store(cleared);
    if (c->used == 0) {
        tree_remove(&s->pages, &c->node);
        heap_free(c);
    }
}

static void parts_drop(struct page_store *s, u64 first, u64 end)
{
    struct tree_node *n = tree_find_ceil(&s->pages, first / CHUNK_PAGES);
    while (n && n->key * CHUNK_PAGES < end) {
        struct tree_node *next = tree_next(n);
        chunk_clear(s, container_of(n, struct store_chunk, node), first, end);
        n = next;
    }
    /* Punched without asking the marks: a mapping may have touched what was a hole. */
    for (unsigned p = 0; p < PARTS; p++) {
        u64 from = max_u64(first, part_start(p)), to = min_u64(end, PART_END(p));
        if (!s->parts[p] || from >= to)
            continue;
        platform_frames_discard(part_address(s, from), (to - from) << PAGE_SHIFT);
        if (from == part_start(p) && to == PART_END(p)) {
            part_free(p, s->parts[p]);
            s->parts[p] = 0;
        }
    }
}

static u64 parts_next_data(const struct page_store *s, u64 index)
{
    struct tree_node *n = tree_find_ceil(&s->pages, index / CHUNK_PAGES);
    for (; n; n = tree_next(n)) {
        const struct store_chunk *c = container_of(n, struct store_chunk, node);
        u64 base = n->key * CHUNK_PAGES;
        for (u64 i = max_u64(index, base); i < base + CHUNK_PAGES; i++) {
            if (chunk_has(c, i))
                return i;
        }
    }
    return STORE_NONE;
}

static long parts_pages(struct page_store *s, u64 index, u64 max, bool write, paddr_t *first)
{
    if (index >= STORE_PAGES_MAX)
        return -EFBIG;
    if (!part_ensure(s, index))
        return -ENOMEM;
    u64 run = min_u64(max, PART_END(part_of(index)) - index);
    *first = part_address(s, index);
    for (u64 i = 0; write && i < run; i++) {
        if (!page_mark(s, index + i))
            return i ? (long)i : -ENOMEM;
    }
    return (long)run;
}

const struct store_kind store_parts = {
    .peek = parts_peek,
    .make = parts_make,
    .drop = parts_drop,
    .next_data = parts_next_data,
    .pages = parts_pages,
};
