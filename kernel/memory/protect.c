/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    changes of what a range allows, and of its flags.
 * Promises: as Linux: the range is worked through in order, and what was changed before an error
 *           stays changed.
 * Locking:  the space's.
 * See:      mprotect(2), madvise(2), mlock(2)
 */
#include "abi/linux/errno.h"
#include "memory/space_internal.h"

/* Whether a VMA may get this access, and its new flags (it may have to be committed now). */
static int allow_access(struct space *s, const struct vma *v, u64 pages, u32 access, u32 *flags)
{
    *flags = v->flags;
    if (!vma_is_private(v) && (access & MAP_WRITE) && !(v->flags & VMA_MAY_WRITE))
        return -EACCES;
    if (is_data(access, v->flags) && !is_data(v->access, v->flags) &&
        s->data_pages + pages > s->limit_data >> PAGE_SHIFT)
        return -ENOMEM;
    if (needs_commit(access, v->flags) && !(v->flags & VMA_ACCOUNT)) {
        if (commit_check(pages))
            return -ENOMEM;
        *flags |= VMA_ACCOUNT;
    }
    return 0;
}

/* One VMA that lies within the range. */
static int change_access(struct space *s, struct vma *v, u32 access)
{
    u64 pages = vma_pages(v);
    if (v->flags & VMA_STUBS)
        return -EACCES;
    if (v->rewritten)
        rewrite_hide(v);
    if (v->backing && vma_is_private(v) && (access & MAP_WRITE))
        v->flags |= VMA_WAS_WRITABLE;
    u32 old_access = v->access, old_flags = v->flags, flags;
    int error = allow_access(s, v, pages, access, &flags);
    if (error)
        return error;
    v->access = access;
    v->flags = flags;
    error = protect_range(v, v->start, v->end, old_access);
    if (error) {
        v->access = old_access;
        v->flags = old_flags;
        if (flags & ~old_flags & VMA_ACCOUNT)
            account_uncommit(pages);
        return error;
    }
    bool was = is_data(old_access, flags), is = is_data(access, flags);
    s->data_pages += (is ? pages : 0) - (was ? pages : 0);
    return 0;
}

/* The part of `v` in [start, end) as a VMA of its own. */
static int cut_out(struct vma **v, u64 start, u64 end)
{
    if ((*v)->end > end) {
        int error = vma_split(*v, end);
        if (error)
            return error;
    }
    if ((*v)->start < start) {
        int error = vma_split(*v, start);
        if (error)
            return error;
        *v = vma_next(*v);
    }
    return 0;
}

long space_protect(struct space *s, u64 start, u64 length, u32 access)
{
    u64 end = start + align_up(length, PAGE_SIZE);
    if (!is_aligned(start, PAGE_SIZE))
        return -EINVAL;
    if (length == 0)
        return 0;
    if (end <= start)
        return -ENOMEM;
    long error = 0;
    u64 at = start;
    while (!error && at < end) {
        struct vma *v = space_find(s, at);
        if (!v)
            error = -ENOMEM;
        else if (v->access == access)
            at = v->end;
        else if (!(error = cut_out(&v, start, end)) && !(error = change_access(s, v, access)))
            at = v->end;
    }
    space_merge(s, start, min_u64(at, end));
    return error;
}

long space_change_flags(struct space *s, u64 start, u64 length, u32 set, u32 clear)
{
    u64 end = start + length;
    long error = 0, hole = 0;
    for (u64 at = start; !error && at < end;) {
        struct vma *v = space_find_from(s, at);
        if (!v || v->start > at)
            hole = -ENOMEM;
        if (!v || v->start >= end)
            break;
        u32 flags = (v->flags & ~clear) | set;
        if (flags != v->flags && !(error = cut_out(&v, start, end))) {
            u64 pages = vma_pages(v);
            s->locked_pages += (flags & VMA_LOCKED ? pages : 0) - (v->flags & VMA_LOCKED ? pages : 0);
            v->flags = flags;
        }
        at = v->end;
    }
    space_merge(s, start, end);
    return error ? error : hole;
}
