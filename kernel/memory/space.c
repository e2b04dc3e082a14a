/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    address spaces as objects, and which one is current.
 * Promises: a dropped space has given back every page it held. A thread may drop the space it
 *           runs in: what is left of it goes with the next switch.
 * Locking:  references by the callers; one CPU.
 */
#include "memory/space_internal.h"

static struct space *current_space;
static u32 last_serial;
static struct space *left_behind; /* dropped, but the kernel still runs in it: empty */

u32 space_next_serial(void) { return ++last_serial; }

struct space *space_create(void)
{
    struct space *s = heap_alloc_zeroed(sizeof(*s));
    if (!s)
        return NULL;
    if (platform_space_init(&s->platform)) {
        heap_free(s);
        return NULL;
    }
    s->references = 1;
    s->serial = space_next_serial();
    s->limit_as = s->limit_data = UINT64_MAX;
    s->stack_limit = 8ull << 20;
    s->mmap_base = s->hole_top = platform_traits()->program_end;
    return s;
}

void space_hold(struct space *s) { s->references++; }

static void destroy(struct space *s)
{
    platform_space_destroy(&s->platform);
    heap_free(s);
}

void space_drop(struct space *s)
{
    if (--s->references)
        return;
    while (s->vmas.root)
        space_remove_vma(space_first(s));
    if (s == current_space)
        left_behind = s;
    else
        destroy(s);
}

struct space *space_current(void) { return current_space; }

void space_switch(struct space *s)
{
    struct space *left = left_behind;
    if (s == current_space)
        return;
    current_space = s;
    platform_space_switch(&s->platform);
    left_behind = NULL;
    if (left)
        destroy(left);
}

u64 space_page_limit(void) { return account_limit_pages(); }

/* The part of the VMA that shows bytes [from, to) of its backing; false: none. */
static bool shown_range(const struct vma *v, u64 from, u64 to, u64 *start, u64 *end)
{
    u64 first = max_u64(from, v->offset);
    u64 last = min_u64(to, v->offset + (v->end - v->start));
    if (first >= last)
        return false;
    *start = v->start + (first - v->offset);
    *end = v->start + (last - v->offset);
    return true;
}

void backing_resized(struct backing *b, u64 old_size)
{
    u64 before = align_up(old_size, PAGE_SIZE), now = align_up(b->size, PAGE_SIZE);
    u64 start, end;
    backing_changes(b);
    if (now == before)
        return;
    for (struct vma *v = b->mappings; v; v = v->next_mapping) {
        if (now < before ? !shown_range(v, now, UINT64_MAX, &start, &end)
                         : !shown_range(v, before, now, &start, &end))
            continue;
        /* Private copies beyond the end go as well (Linux unmaps them, too). */
        release_range(v, start, end);
        if (apply_range(v, start, end))
            platform_map_nothing(&v->space->platform, start, end - start);
    }
}

/* On demand platforms mappings hold references to single frames. On eager ones sparse pages stay
 * where they are and read zero, but those that a mapping can write without a fault stay pages. */
void backing_punch(struct backing *b, struct page_store *store, u64 offset, u64 length)
{
    bool demand = platform_traits()->demand_paging;
    u64 first = align_up(offset, PAGE_SIZE), end = align_down(offset + length, PAGE_SIZE);
    u64 from, to;
    backing_changes(b);
    for (struct vma *v = b->mappings; v && demand; v = v->next_mapping) {
        if (first < end && shown_range(v, first, end, &from, &to))
            drop_backed_pages(v, from, to);
    }
    page_store_punch(store, offset, length);
    for (struct vma *v = b->mappings; v && !demand; v = v->next_mapping) {
        if (!vma_is_private(v) && (v->access & MAP_WRITE) && first < end &&
            shown_range(v, first, end, &from, &to))
            make_shared_writable(v, from, to);
    }
}

/* What eager platforms have mapped privately stays: the host does not say which pages were copied. */
void backing_moved(struct backing *b)
{
    bool demand = platform_traits()->demand_paging;
    backing_changes(b);
    for (struct vma *v = b->mappings; v; v = v->next_mapping) {
        if (demand)
            drop_backed_pages(v, v->start, v->end);
        else if (!vma_is_private(v) && apply_range(v, v->start, v->end))
            platform_map_nothing(&v->space->platform, v->start, v->end - v->start);
    }
}
