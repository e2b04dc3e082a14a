/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    shadow copies of executable file pages, keyed by (backing, page): on platforms where
 *           programs run in the kernel's privilege some instructions must be replaced before they
 *           can be shown, while read() and other mappings see the file's own bytes.
 * Promises: a page without such instructions is shown as it is. A backing's shadows live as long
 *           as it is mapped anywhere.
 * Locking:  one lock for all (free today).
 * Refuses:  anonymous text: a JIT's pages are shown as they are (CAVEATS).
 */
#include "lib/string.h"
#include "memory/space_internal.h"

struct shadow {
    struct tree_node node; /* key: address of the backing; a backing has few shadows */
    u64 index;
    paddr_t frame;         /* this tree holds one reference */
};

static struct tree shadows;

static struct shadow *shadow_of(struct tree_node *n)
{
    return n ? container_of(n, struct shadow, node) : NULL;
}

static struct shadow *shadow_find(const struct backing *b, u64 index)
{
    struct tree_node *n = tree_find(&shadows, (u64)b);
    for (; n && n->key == (u64)b; n = tree_next(n)) {
        if (shadow_of(n)->index == index)
            return shadow_of(n);
    }
    return NULL;
}

static bool shadow_add(struct backing *b, u64 index, paddr_t frame)
{
    struct shadow *s = heap_alloc(sizeof(*s));
    if (!s)
        return false;
    *s = (struct shadow){.index = index, .frame = frame};
    tree_insert(&shadows, &s->node, (u64)b);
    return true;
}

/* The page with what lies around it in the file, as far as the frames are neighbours too: telling
 * an instruction from the tail of another takes the bytes before it. */
struct text {
    u8 *bytes;
    u64 length, page; /* offset of the page */
};

static struct text text_around(struct backing *b, u64 index, paddr_t frame)
{
    paddr_t first;
    u64 before = index ? 1 : 0;
    long run = b->operations->pages(b, index - before, before + 2, false, &first);
    if (run <= (long)before || first + before * PAGE_SIZE != frame)
        return (struct text){paddr_to_pointer(frame), PAGE_SIZE, 0};
    return (struct text){paddr_to_pointer(first), (u64)run * PAGE_SIZE, before * PAGE_SIZE};
}

static void patch(const struct text *t, u64 site, u8 *copy)
{
    for (; site < t->page + PAGE_SIZE;
         site = arch_find_privileged(t->bytes, t->length, site + 1, t->page + PAGE_SIZE))
        arch_patch_privileged(copy + (site - t->page));
}

paddr_t text_page(struct backing *b, u64 index, paddr_t frame)
{
    struct shadow *there;
    paddr_t copy;
    if (!platform_traits()->privileged_programs)
        return frame;
    there = shadow_find(b, index);
    if (there)
        return there->frame;
    struct text text = text_around(b, index, frame);
    u64 end = text.page + PAGE_SIZE;
    u64 site = arch_find_privileged(text.bytes, text.length, text.page, end);
    if (site == end)
        return frame;
    if (!page_alloc(0, &copy))
        return 0;
    memcpy(paddr_to_pointer(copy), paddr_to_pointer(frame), PAGE_SIZE);
    patch(&text, site, paddr_to_pointer(copy));
    if (!shadow_add(b, index, copy)) {
        page_unref(copy);
        return 0;
    }
    return copy;
}

void text_patch_private(paddr_t frame)
{
    struct text text = {paddr_to_pointer(frame), PAGE_SIZE, 0};
    if (platform_traits()->privileged_programs)
        patch(&text, arch_find_privileged(text.bytes, PAGE_SIZE, 0, PAGE_SIZE), text.bytes);
}

void text_forget(struct backing *b)
{
    struct tree_node *n = tree_find(&shadows, (u64)b);
    while (n && n->key == (u64)b) {
        struct tree_node *next = tree_next(n);
        struct shadow *s = shadow_of(n);
        tree_remove(&shadows, n);
        page_unref(s->frame);
        heap_free(s);
        n = next;
    }
}
