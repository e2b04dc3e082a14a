/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    one version of a file's text: copies of the pages in which call sites became jumps, and
 *           the stubs they jump to, both by the file's page. Jumps are relative, so a version is for
 *           one distance between text and stubs; whoever maps the file with that distance shares it.
 * Promises: lives as long as the file is mapped, and as its stubs are.
 * Locking:  one lock for all (free today).
 * See:      rewrite.c; DESIGN 3.4
 */
#include "lib/string.h"
#include "memory/space_internal.h"

#if CONFIG_REWRITE

#define HEAD_USED 16 /* offset in a page's head: bytes in use, 0 when it is new */

struct rewritten *rewritten_of(struct backing *b)
{
    return container_of(b, struct rewritten, stubs_backing);
}

/* Eager mappings show pages before there are stubs in them; others ask for a page when it is jumped
 * to, and must get the one that later stubs go to. */
static long stub_pages(struct backing *b, u64 index, u64 max, unused_arg bool write, paddr_t *first)
{
    struct rewritten *r = rewritten_of(b);
    if (index >= r->pages)
        return 0;
    if (platform_traits()->demand_paging)
        return page_store_pages(&r->stubs, index, 1, true, first);
    return page_store_pages(&r->stubs, index, min_u64(max, r->pages - index), false, first);
}

static void hold(struct backing *b) { rewritten_of(b)->references++; }
static void drop(struct backing *b) { rewritten_drop(rewritten_of(b)); }

static size_t no_name(unused_arg struct backing *b, unused_arg char *out, unused_arg size_t size)
{
    return 0; /* the VMA's flags name it */
}

static void no_identity(unused_arg struct backing *b, u32 *major, u32 *minor, u64 *inode)
{
    *major = *minor = 0;
    *inode = 0;
}

static const struct backing_operations stub_operations = {
    .pages = stub_pages, .hold = hold, .drop = drop, .name = no_name, .identity = no_identity,
};

struct rewritten *rewritten_make(struct rewritten **list, u64 bytes, s64 distance)
{
    u64 pages = align_up(bytes, PAGE_SIZE) >> PAGE_SHIFT;
    struct rewritten *r = heap_alloc_zeroed(sizeof(*r) + (pages + 7) / 8);
    if (!r)
        return NULL;
    r->distance = distance;
    r->references = 1;
    r->pages = pages;
    r->stubs_backing = (struct backing){.operations = &stub_operations, .size = pages * PAGE_SIZE};
    r->next = *list;
    *list = r;
    return r;
}

void rewritten_drop(struct rewritten *r)
{
    struct tree_node *n;
    if (--r->references)
        return;
    while ((n = tree_first(&r->by_stub)) != NULL) {
        tree_remove(&r->by_stub, n);
        heap_free(container_of(n, struct rewritten_site, by_stub));
    }
    page_store_release(&r->text);
    page_store_release(&r->stubs);
    heap_free(r);
}

bool rewritten_has(const struct rewritten *r, u64 index)
{
    return index < r->pages && r->has[index / 8] & 1u << index % 8;
}

static u8 *page_of(struct page_store *store, u64 index)
{
    paddr_t frame;
    return page_store_pages(store, index, 1, true, &frame) == 1 ? paddr_to_pointer(frame) : NULL;
}

paddr_t rewritten_frame(struct rewritten *r, u64 index)
{
    return pointer_to_paddr(page_of(&r->text, index));
}

static bool copy_page(struct rewritten *r, u64 index, paddr_t own)
{
    if (rewritten_has(r, index))
        return true;
    if (index >= r->pages ||
        page_store_write(&r->text, index * PAGE_SIZE, paddr_to_pointer(own), PAGE_SIZE) != PAGE_SIZE)
        return false;
    r->has[index / 8] |= (u8)(1u << index % 8);
    return true;
}

/* Where the next stub of the page goes; 0: the page is full. */
static size_t take_stub(u8 *page, size_t bytes)
{
    u16 used;
    memcpy(&used, page + HEAD_USED, sizeof(used));
    if (used == 0) {
        arch_stub_page_start(page);
        used = ARCH_STUB_HEAD;
    }
    if (used + bytes > PAGE_SIZE)
        return 0;
    size_t at = used;
    used = (u16)(used + align_up(bytes, ARCH_STUB_ALIGN));
    memcpy(page + HEAD_USED, &used, sizeof(used));
    return at;
}

static bool note(struct rewritten *r, const struct rewrite_site *site, u64 stub)
{
    struct rewritten_site *n = heap_alloc(sizeof(*n));
    if (!n)
        return false;
    *n = (struct rewritten_site){.patch = site->patch};
    tree_insert(&r->by_stub, &n->by_stub, stub);
    tree_insert(&r->by_text, &n->by_text, site->start);
    r->windows += site->patch.length > site->patch.before;
    return true;
}

/* The stub is whole before anything jumps to it. */
bool rewritten_patch(struct rewritten *r, const struct rewrite_site *site, paddr_t own)
{
    u64 index = site->start >> PAGE_SHIFT, within = site->start % PAGE_SIZE;
    if (rewritten_by_text(r, site->start))
        return true;
    u8 *stubs = copy_page(r, index, own) ? page_of(&r->stubs, index) : NULL;
    u8 *text = stubs ? page_of(&r->text, index) : NULL;
    size_t at = text ? take_stub(stubs, arch_stub_bytes(&site->patch)) : 0;
    if (!at || !note(r, site, index * PAGE_SIZE + at))
        return false;
    s64 back = (s64)within - (s64)at - r->distance;
    arch_stub_write(stubs, at, text + within, &site->patch, back);
    arch_patch_write(text + within, &site->patch, back);
    return true;
}

struct rewritten_site *rewritten_by_stub(const struct rewritten *r, u64 offset)
{
    struct tree_node *n = tree_find_floor(&r->by_stub, offset);
    struct rewritten_site *s = n ? container_of(n, struct rewritten_site, by_stub) : NULL;
    return s && offset - n->key < arch_stub_bytes(&s->patch) ? s : NULL;
}

struct rewritten_site *rewritten_by_text(const struct rewritten *r, u64 offset)
{
    struct tree_node *n = tree_find_floor(&r->by_text, offset);
    struct rewritten_site *s = n ? container_of(n, struct rewritten_site, by_text) : NULL;
    return s && offset - n->key < s->patch.length ? s : NULL;
}

#endif
