/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    VMAs as a set: ordered by start, never overlapping, never empty, neighbours that are
 *           alike joined. Each VMA of a backing also stands in the backing's list.
 * Promises: only bookkeeping: no page and no table is touched here.
 * Locking:  the space's.
 */
#include "abi/linux/errno.h"
#include "memory/space_internal.h"

static void list_mapping(struct vma *v)
{
    struct backing *b = v->backing;
    v->next_mapping = b->mappings;
    v->prev_mapping = &b->mappings;
    if (b->mappings)
        b->mappings->prev_mapping = &v->next_mapping;
    b->mappings = v;
    rewrite_note_mapping(v);
}

static void unlist_mapping(struct vma *v)
{
    *v->prev_mapping = v->next_mapping;
    if (v->next_mapping)
        v->next_mapping->prev_mapping = v->prev_mapping;
    if (!v->backing->mappings)
        text_forget(v->backing);
}

struct vma *vma_create(const struct vma *like)
{
    struct vma *v = heap_alloc(sizeof(*v));
    if (!v)
        return NULL;
    *v = *like;
    if (v->backing)
        v->backing->operations->hold(v->backing);
    return v;
}

void vma_free(struct vma *v)
{
    if (v->backing)
        v->backing->operations->drop(v->backing);
    heap_free(v);
}

void vma_link(struct space *s, struct vma *v)
{
    v->space = s;
    tree_insert(&s->vmas, &v->node, v->start);
    s->vma_count++;
    if (v->backing)
        list_mapping(v);
}

void vma_unlink(struct vma *v)
{
    tree_remove(&v->space->vmas, &v->node);
    v->space->vma_count--;
    if (v->backing)
        unlist_mapping(v);
}

static void set_start(struct vma *v, u64 start)
{
    v->offset += start - v->start; /* wraps rightly when it moves down */
    v->start = start;
    v->node.key = start; /* order among neighbours is kept: they do not overlap */
}

int vma_split(struct vma *v, u64 at)
{
    if (v->space->vma_count >= VMA_COUNT_MAX)
        return -ENOMEM;
    struct vma *upper = vma_create(v);
    if (!upper)
        return -ENOMEM;
    set_start(upper, at);
    v->end = at;
    vma_link(v->space, upper);
    return 0;
}

static int split_at(struct space *s, u64 at)
{
    struct vma *v = space_find(s, at);
    return v && v->start < at ? vma_split(v, at) : 0;
}

int space_isolate(struct space *s, u64 start, u64 end)
{
    int error = split_at(s, start);
    if (error)
        return error;
    error = split_at(s, end);
    if (error)
        space_merge(s, start, start);
    return error;
}

/* Linux keeps VMAs with anonymous pages of different origin apart; which pages those are is not
 * visible to a program, so likeness is all that counts here. */
static bool can_join(const struct vma *a, const struct vma *b)
{
    if (a->end != b->start || a->access != b->access || a->flags != b->flags ||
        a->backing != b->backing)
        return false;
    if (a->flags & (VMA_VDSO | VMA_VVAR) || a->rewritten != b->rewritten)
        return false;
    return !a->backing || a->offset + (a->end - a->start) == b->offset;
}

void space_merge(struct space *s, u64 start, u64 end)
{
    struct vma *v = start ? space_find_from(s, start - 1) : space_first(s);
    while (v && v->start <= end) {
        struct vma *next = vma_next(v);
        if (next && next->start <= end && can_join(v, next)) {
            vma_unlink(next);
            v->end = next->end;
            vma_free(next);
        } else {
            v = next;
        }
    }
}

struct vma *space_first(struct space *s)
{
    struct tree_node *n = tree_first(&s->vmas);
    return n ? container_of(n, struct vma, node) : NULL;
}

struct vma *vma_next(struct vma *v)
{
    struct tree_node *n = tree_next(&v->node);
    return n ? container_of(n, struct vma, node) : NULL;
}

struct vma *space_find(struct space *s, u64 address)
{
    struct tree_node *n = tree_find_floor(&s->vmas, address);
    struct vma *v = n ? container_of(n, struct vma, node) : NULL;
    return v && address < v->end ? v : NULL;
}

struct vma *space_find_from(struct space *s, u64 address)
{
    struct vma *v = space_find(s, address);
    if (v)
        return v;
    struct tree_node *n = tree_find_ceil(&s->vmas, address);
    return n ? container_of(n, struct vma, node) : NULL;
}

bool space_is_free(struct space *s, u64 start, u64 end)
{
    struct vma *v = space_find_from(s, start);
    return !v || v->start >= end;
}

u64 space_mapped_pages(struct space *s, u64 start, u64 end)
{
    u64 pages = 0;
    for (struct vma *v = space_find_from(s, start); v && v->start < end; v = vma_next(v))
        pages += (min_u64(v->end, end) - max_u64(v->start, start)) >> PAGE_SHIFT;
    return pages;
}
