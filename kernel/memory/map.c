/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    making and removing mappings.
 * Promises: what cannot be done whole is not done: the space is as before (but a fixed mapping
 *           that fails late has lost what lay there, as on Linux before 6.13).
 * Locking:  the space's.
 * See:      mmap(2)
 */
#include "abi/linux/errno.h"
#include "memory/space_internal.h"

/* The address of a fixed mapping, or -errno. */
static long fixed_address(struct space *s, const struct map_request *r, u64 length)
{
    const struct platform_traits *t = platform_traits();
    u64 at = r->hint, reserved_start, reserved_end;
    if (!is_aligned(at, PAGE_SIZE))
        return -EINVAL;
    if (length > t->program_end || at > t->program_end - length)
        return -ENOMEM;
    if (at < t->program_start)
        return -EPERM;
    if (r->no_replace && !space_is_free(s, at, at + length))
        return -EEXIST;
    if (place_is_reserved(at, at + length, &reserved_start, &reserved_end))
        return r->no_replace ? -EEXIST : -ENOMEM;
    return (long)at;
}

static long choose_address(struct space *s, const struct map_request *r, u64 length)
{
    if (r->fixed)
        return fixed_address(s, r, length);
    u64 at = space_place_request(s, r, length);
    return at ? (long)at : -ENOMEM;
}

void space_count(struct space *s, const struct vma *v, bool add)
{
    u64 pages = vma_pages(v);
    u64 delta = add ? pages : 0 - pages;
    s->total_pages += delta;
    if (is_data(v->access, v->flags))
        s->data_pages += delta;
    if (v->flags & VMA_LOCKED)
        s->locked_pages += delta;
    s->peak_pages = max_u64(s->peak_pages, s->total_pages);
}

/* A whole VMA goes, with its pages. */
void space_remove_vma(struct vma *v)
{
    struct space *s = v->space;
    place_note_hole(s, v);
    release_range(v, v->start, v->end);
    space_count(s, v, false);
    if (v->flags & VMA_ACCOUNT)
        account_uncommit(vma_pages(v));
    vma_unlink(v);
    vma_free(v);
}

static int insert_vma(struct space *s, const struct vma *model)
{
    struct vma *v = vma_create(model);
    if (!v) {
        if (model->flags & VMA_ACCOUNT)
            account_uncommit(vma_pages(model));
        return -ENOMEM;
    }
    vma_link(s, v);
    space_count(s, v, true);
    int error = apply_range(v, v->start, v->end);
    if (error)
        space_remove_vma(v); /* gives the commitment back, too */
    return error;
}

static long check_limits(struct space *s, const struct map_request *r, u64 at, u64 length)
{
    u64 pages = length >> PAGE_SHIFT;
    u64 replaced = r->fixed ? space_mapped_pages(s, at, at + length) : 0;
    u64 room = s->total_pages - replaced;
    if (room + pages > s->limit_as >> PAGE_SHIFT ||
        (is_data(r->access, r->flags) && s->data_pages + pages > s->limit_data >> PAGE_SHIFT))
        return -ENOMEM;
    return s->vma_count >= VMA_COUNT_MAX ? -ENOMEM : 0;
}

long space_map(struct space *s, const struct map_request *r)
{
    u64 length = align_up(r->length, PAGE_SIZE);
    if (r->length == 0 || !is_aligned(r->offset, PAGE_SIZE))
        return -EINVAL;
    if (length == 0)
        return -ENOMEM;
    long at = choose_address(s, r, length);
    if (at < 0)
        return at;
    struct vma model = {.start = (u64)at, .end = (u64)at + length, .access = r->access,
                        .flags = r->flags | s->lock_future, .backing = r->backing,
                        .offset = r->backing ? r->offset : 0};
    if (r->backing && (r->access & MAP_WRITE) && !(r->flags & VMA_SHARED))
        model.flags |= VMA_WAS_WRITABLE;
    if (model.flags & VMA_LOCKED && !lock_room(s, length >> PAGE_SHIFT))
        return -EAGAIN;
    long error = check_limits(s, r, model.start, length);
    if (!error && r->fixed)
        error = space_unmap(s, model.start, length);
    if (error)
        return error;
    if (needs_commit(r->access, r->flags)) {
        if (commit_check(length >> PAGE_SHIFT))
            return -ENOMEM;
        model.flags |= VMA_ACCOUNT;
    }
    error = insert_vma(s, &model);
    if (error)
        return error;
    space_merge(s, model.start, model.end);
    if (r->populate || (model.flags & VMA_LOCKED && !(model.flags & VMA_LOCK_ON_FAULT)))
        space_populate(s, model.start, length, r->access & MAP_WRITE && !(r->flags & VMA_SHARED));
    return at;
}

/* What is there, stubs included. */
long unmap_range(struct space *s, u64 start, u64 end)
{
    int error = space_isolate(s, start, end);
    if (error)
        return error;
    for (struct vma *v = space_find_from(s, start); v && v->start < end;) {
        struct vma *next = vma_next(v);
        space_remove_vma(v);
        v = next;
    }
    return 0;
}

long space_unmap(struct space *s, u64 start, u64 length)
{
    const struct platform_traits *t = platform_traits();
    if (!is_aligned(start, PAGE_SIZE) || length > t->program_end ||
        start > t->program_end - length)
        return -EINVAL;
    length = align_up(length, PAGE_SIZE);
    if (length == 0)
        return -EINVAL;
    u64 end = start + length;
    if (space_is_free(s, start, end))
        return 0;
    rewrite_leave(s, start, end);
    return unmap_range(s, start, end);
}
