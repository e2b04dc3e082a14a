/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    mremap: shrink in place, grow in place, move.
 * Promises: a move that fails leaves the old mapping as it was.
 * Locking:  the space's.
 * See:      mremap(2)
 */
#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "memory/space_internal.h"

struct remap {
    u64 old, old_length, new_length, flags, wish;
};

/* Demand platforms: entries change their address, frames keep their references. */
static int move_pages(struct space *s, u64 from, u64 length, u64 to)
{
    struct platform_page page;
    u64 at, end = from + length;
    for (u64 next = from; platform_page_next(&s->platform, next, end, &at, &page);
         next = at + PAGE_SIZE) {
        int error = platform_page_set(&s->platform, at - from + to, page.frame, page.access);
        if (error)
            return error;
        platform_page_clear(&s->platform, at);
    }
    return 0;
}

/* Eager platforms: what is one VMA here may be several for the host, which moves one at a time.
 * Returns how much was moved; less than asked when the host refused, then *error says why. */
static u64 move_pieces(struct space *s, u64 from, u64 length, u64 to, int *error)
{
    u64 done = 0, piece = length;
    *error = 0;
    while (done < length) {
        piece = min_u64(piece, length - done);
        *error = platform_move(&s->platform, from + done, piece, to + done, piece);
        if (*error && (*error != -EFAULT || piece == PAGE_SIZE))
            break;
        if (*error) {
            piece = align_up(piece / 2, PAGE_SIZE);
        } else {
            done += piece;
            piece = length;
        }
    }
    return done;
}

/* All of it, or nothing: pieces that have gone come back. */
static int move_host_maps(struct space *s, u64 from, u64 length, u64 to)
{
    int error, ignored;
    u64 done = move_pieces(s, from, length, to, &error);
    if (error)
        move_pieces(s, to, done, from, &ignored);
    return error;
}

static int move_contents(struct vma *v, u64 from, u64 length, struct vma *target)
{
    struct space *s = v->space;
    if (platform_traits()->demand_paging)
        return move_pages(s, from, length, target->start);
    if (!vma_is_private(v))
        return apply_range(target, target->start, target->start + length);
    return move_host_maps(s, from, length, target->start);
}

/* Whether the VMA may become new_length long; see mremap(2) ERRORS. */
static long check_resize(struct space *s, const struct vma *v, const struct remap *r)
{
    bool keeps_old = r->flags & MREMAP_DONTUNMAP;
    u64 added = r->new_length - (keeps_old ? 0 : r->old_length);
    if (r->old_length == 0 && vma_is_private(v))
        return -EINVAL;
    if (r->old_length > v->end - r->old)
        return -EFAULT;
    if (v->flags & (VMA_VDSO | VMA_VVAR) && r->new_length > r->old_length)
        return -EFAULT;
    if (v->backing && vma_offset_at(v, r->old) + r->new_length < r->new_length)
        return -EINVAL;
    if (r->new_length <= r->old_length && !keeps_old)
        return 0;
    if (v->flags & VMA_LOCKED && !lock_room(s, added >> PAGE_SHIFT))
        return -EAGAIN;
    return limits_check(s, added >> PAGE_SHIFT, v->access, v->flags);
}

static int commit_added(const struct vma *v, u64 bytes)
{
    return v->flags & VMA_ACCOUNT ? commit_check(bytes >> PAGE_SHIFT) : 0;
}

static void uncommit_added(const struct vma *v, u64 bytes)
{
    if (v->flags & VMA_ACCOUNT)
        account_uncommit(bytes >> PAGE_SHIFT);
}

/* What a locked mapping grew by comes in at once. */
static void populate_locked(struct space *s, const struct vma *v, u64 at, const struct remap *r)
{
    bool write = v->access & MAP_WRITE && vma_is_private(v);
    if (v->flags & VMA_LOCKED && !(v->flags & VMA_LOCK_ON_FAULT) && r->new_length > r->old_length)
        space_populate(s, at + r->old_length, r->new_length - r->old_length, write);
}

/* Makes `v` longer at its end; the place there is free. */
static long grow_in_place(struct space *s, struct vma *v, const struct remap *r)
{
    u64 old_end = v->end, added = r->new_length - r->old_length;
    if (commit_added(v, added))
        return -ENOMEM;
    space_count(s, v, false);
    v->end += added;
    space_count(s, v, true);
    int error = apply_range(v, old_end, v->end);
    if (error) {
        release_range(v, old_end, v->end);
        space_count(s, v, false);
        v->end = old_end;
        space_count(s, v, true);
        uncommit_added(v, added);
        return error;
    }
    populate_locked(s, v, r->old, r);
    space_merge(s, old_end, v->end);
    return (long)r->old;
}

static bool can_grow(struct space *s, const struct vma *v, const struct remap *r)
{
    u64 added = r->new_length - r->old_length;
    return r->old_length == v->end - r->old && space_range_free(s, v->end, added);
}

/* The old place is given up, or emptied when DONTUNMAP keeps it. Its pages have moved. */
static long leave_old(struct vma *old, const struct remap *r)
{
    if (r->flags & MREMAP_DONTUNMAP)
        return vma_is_private(old) ? apply_range(old, old->start, old->end) : 0;
    space_remove_vma(old);
    return 0;
}

static struct vma *new_vma(const struct vma *old, const struct remap *r, u64 to)
{
    struct vma model = *old;
    model.offset = old->backing ? vma_offset_at(old, r->old) : 0;
    model.start = to;
    model.end = to + r->new_length;
    return vma_create(&model);
}

static long move_to(struct space *s, struct vma *v, const struct remap *r, u64 to)
{
    u64 kept = min_u64(r->old_length, r->new_length);
    if (r->old_length && space_isolate(s, r->old, r->old + r->old_length))
        return -ENOMEM;
    v = space_find(s, r->old);
    if (commit_added(v, r->new_length))
        return -ENOMEM;
    struct vma *target = new_vma(v, r, to);
    if (!target) {
        uncommit_added(v, r->new_length);
        return -ENOMEM;
    }
    vma_link(s, target);
    space_count(s, target, true);
    long error = apply_range(target, to + kept, target->end);
    if (!error)
        error = move_contents(v, r->old, kept, target);
    if (error) {
        if (platform_traits()->demand_paging)
            move_pages(s, to, kept, r->old);
        space_remove_vma(target);
        space_merge(s, r->old, r->old + r->old_length);
        return error;
    }
    populate_locked(s, target, to, r);
    if (r->old_length)
        error = leave_old(v, r);
    space_merge(s, r->old, r->old + r->old_length);
    space_merge(s, to, to + r->new_length);
    return error ? error : (long)to;
}

static long find_target(struct space *s, const struct remap *r)
{
    struct map_request want = {.hint = r->flags & MREMAP_DONTUNMAP ? r->wish : 0};
    if (r->flags & MREMAP_FIXED)
        return (long)r->wish;
    u64 at = space_place_request(s, &want, r->new_length);
    return at ? (long)at : -ENOMEM;
}

static long check_fixed(const struct remap *r)
{
    u64 end = platform_traits()->program_end, reserved_start, reserved_end;
    if (!is_aligned(r->wish, PAGE_SIZE) || r->new_length > end || r->wish > end - r->new_length)
        return -EINVAL;
    if (r->wish < r->old + r->old_length && r->old < r->wish + r->new_length)
        return -EINVAL;
    if (!(r->flags & MREMAP_FIXED))
        return 0;
    if (r->wish < platform_traits()->program_start)
        return -EPERM;
    if (place_is_reserved(r->wish, r->wish + r->new_length, &reserved_start, &reserved_end))
        return -ENOMEM;
    return 0;
}

static long check_arguments(const struct remap *r)
{
    if (r->flags & ~(u64)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
        return -EINVAL;
    if (r->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && !(r->flags & MREMAP_MAYMOVE))
        return -EINVAL;
    if (r->flags & MREMAP_DONTUNMAP && r->old_length != r->new_length)
        return -EINVAL;
    return !is_aligned(r->old, PAGE_SIZE) || r->new_length == 0 ? -EINVAL : 0;
}

/* FIXED and DONTUNMAP: a move by all means. */
static long remap_to(struct space *s, struct remap *r)
{
    long error = check_fixed(r);
    if (!error && r->flags & MREMAP_FIXED)
        error = space_unmap(s, r->wish, r->new_length);
    if (error)
        return error;
    struct vma *v = space_find(s, r->old);
    if (r->old_length > r->new_length) {
        error = space_unmap(s, r->old + r->new_length, r->old_length - r->new_length);
        r->old_length = r->new_length;
        v = space_find(s, r->old);
    }
    if (!error && !v) /* old_length 0 at the wish itself: the unmapping above took it */
        error = -EFAULT;
    if (!error)
        error = check_resize(s, v, r);
    if (error)
        return error;
    long to = find_target(s, r);
    return to < 0 ? to : move_to(s, v, r, (u64)to);
}

long space_remap(struct space *s, u64 old, u64 old_length, u64 new_length, u32 mremap_flags,
                 u64 new_address)
{
    struct remap r = {.old = old, .old_length = align_up(old_length, PAGE_SIZE), .wish = new_address,
                      .new_length = align_up(new_length, PAGE_SIZE), .flags = mremap_flags};
    long error = check_arguments(&r);
    if (error)
        return error;
    struct vma *v = space_find(s, old);
    if (!v)
        return -EFAULT;
    rewrite_leave(s, old, old + max_u64(r.old_length, PAGE_SIZE));
    v = space_find(s, old);
    if (!v) /* stubs were there */
        return -EFAULT;
    if (r.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
        return remap_to(s, &r);
    if (r.old_length >= r.new_length) {
        if (r.old_length > r.new_length)
            error = space_unmap(s, old + r.new_length, r.old_length - r.new_length);
        return error ? error : (long)old;
    }
    error = check_resize(s, v, &r);
    if (error)
        return error;
    if (can_grow(s, v, &r))
        return grow_in_place(s, v, &r);
    if (!(r.flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    long to = find_target(s, &r);
    return to < 0 ? to : move_to(s, v, &r, (u64)to);
}
