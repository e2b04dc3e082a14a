/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    shadow copies of executable file pages, keyed by (backing, page): on platforms where
 *           programs run in the kernel's privilege some instructions must be replaced before they
 *           can be shown, while read() and other mappings see the file's own bytes.
 * Promises: a page without such instructions is shown as it is. A page is looked at once, when it
 *           is first touched (a look costs more than a fault): what was found is kept as long as
 *           the backing is mapped anywhere.
 * Locking:  one lock for all (free today).
 * Refuses:  anonymous text: a JIT's pages are shown as they are (CAVEATS).
 */
#include "lib/string.h"
#include "memory/space_internal.h"

struct shadow {
    struct tree_node node; /* key: page of the backing */
    paddr_t frame;         /* this tree holds one reference */
};

/* What is known of one backing's pages. */
struct text_file {
    struct tree_node node; /* key: address of the backing */
    struct tree shadows;
    struct rewritten *versions;
    u64 pages;
    u8 plain[];            /* a bit per page: looked at, shown as it is */
};

static struct tree text_files;

static struct text_file *text_file_of(struct backing *b)
{
    struct tree_node *n = tree_find(&text_files, (u64)b);
    return n ? container_of(n, struct text_file, node) : NULL;
}

/* Without memory for it, nothing is remembered: pages are looked at again. */
static struct text_file *text_file_make(struct backing *b)
{
    struct text_file *t = text_file_of(b);
    u64 pages = align_up(b->size, PAGE_SIZE) >> PAGE_SHIFT;
    if (t)
        return t;
    t = heap_alloc_zeroed(sizeof(*t) + (pages + 7) / 8);
    if (!t)
        return NULL;
    t->pages = pages;
    tree_insert(&text_files, &t->node, (u64)b);
    return t;
}

static struct shadow *shadow_find(const struct text_file *t, u64 index)
{
    struct tree_node *n = t ? tree_find(&t->shadows, index) : NULL;
    return n ? container_of(n, struct shadow, node) : NULL;
}

static bool is_plain(const struct text_file *t, u64 index)
{
    return t && index < t->pages && t->plain[index / 8] & 1u << index % 8;
}

static void note_plain(struct text_file *t, u64 index)
{
    if (t && index < t->pages)
        t->plain[index / 8] |= (u8)(1u << index % 8);
}

static bool shadow_add(struct text_file *t, u64 index, paddr_t frame)
{
    struct shadow *s = t ? heap_alloc(sizeof(*s)) : NULL;
    if (!s)
        return false;
    *s = (struct shadow){.frame = frame};
    tree_insert(&t->shadows, &s->node, index);
    return true;
}

struct rewritten **text_versions(struct backing *b, bool make)
{
    struct text_file *t = make ? text_file_make(b) : text_file_of(b);
    return t ? &t->versions : NULL;
}

/* Telling an instruction from the tail of another takes the bytes before it. */
struct text text_around(struct backing *b, u64 index, paddr_t frame)
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

bool text_is_known(struct backing *b, u64 index)
{
    if (!platform_traits()->privileged_programs)
        return true;
    const struct text_file *t = text_file_of(b);
    return is_plain(t, index) || shadow_find(t, index);
}

/* A copy with its privileged instructions replaced, the first of which is at `site`. */
static paddr_t shadow_make(struct text_file *t, u64 index, const struct text *text, u64 site)
{
    paddr_t copy;
    if (!page_alloc(0, &copy))
        return 0;
    memcpy(paddr_to_pointer(copy), text->bytes + text->page, PAGE_SIZE);
    patch(text, site, paddr_to_pointer(copy));
    if (shadow_add(t, index, copy))
        return copy;
    page_unref(copy);
    return 0;
}

paddr_t text_page(struct backing *b, u64 index, paddr_t frame)
{
    if (!platform_traits()->privileged_programs)
        return frame;
    struct text_file *t = text_file_make(b);
    struct shadow *there = shadow_find(t, index);
    if (there || is_plain(t, index))
        return there ? there->frame : frame;
    struct text text = text_around(b, index, frame);
    u64 end = text.page + PAGE_SIZE;
    u64 site = arch_find_privileged(text.bytes, text.length, text.page, end);
    if (site < end)
        return shadow_make(t, index, &text, site);
    note_plain(t, index);
    return frame;
}

void text_patch_private(paddr_t frame)
{
    struct text text = {paddr_to_pointer(frame), PAGE_SIZE, 0};
    if (platform_traits()->privileged_programs)
        patch(&text, arch_find_privileged(text.bytes, PAGE_SIZE, 0, PAGE_SIZE), text.bytes);
}

void text_forget(struct backing *b)
{
    struct text_file *t = text_file_of(b);
    struct tree_node *n;
    if (!t)
        return;
    while ((n = tree_first(&t->shadows)) != NULL) {
        struct shadow *s = container_of(n, struct shadow, node);
        tree_remove(&t->shadows, n);
        page_unref(s->frame);
        heap_free(s);
    }
    for (struct rewritten *r = t->versions, *next; r; r = next) {
        next = r->next;
        rewritten_drop(r);
    }
    tree_remove(&text_files, &t->node);
    heap_free(t);
}
