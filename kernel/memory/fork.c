/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A space's copy for the child of fork(2).
 *
 * Holds:    nothing.
 * Promises: private pages are shared until one side writes: by frames that lose their write access
 *           in both (demand platforms), or by the host (eager ones). Shared mappings stay shared.
 *           Locks are not inherited; MADV_DONTFORK and MADV_WIPEONFORK are obeyed. A copy that
 *           cannot be made whole is not made; then the parent only faults once more.
 *           A fork is not refused for want of room within -m: what cannot be committed a second time
 *           is not counted in the child.
 * See:      fork(2), madvise(2)
 */
#include "abi/linux/errno.h"
#include "memory/space_internal.h"

static bool is_demand(void) { return platform_traits()->demand_paging; }

/* Everything that is not a mapping, a page or a count of those. */
static void copy_layout(struct space *child, const struct space *parent)
{
    *child = *parent;
    child->vmas = (struct tree){0};
    child->references = 1;
    child->serial = space_next_serial();
    child->is_copy = true;
    child->total_pages = child->peak_pages = child->locked_pages = child->data_pages = 0;
    child->resident_pages = child->peak_resident_pages = 0;
    child->min_faults = child->maj_faults = 0;
    child->vma_count = child->lock_future = 0;
    child->hole_top = child->mmap_base; /* MADV_DONTFORK leaves new holes */
    child->hole_bytes = 0;
}

/* The pages that are there become the child's too; its first touch need not fault. */
static int share_pages(struct vma *from, struct vma *to)
{
    struct platform_page page;
    u32 kept = vma_is_private(from) ? ~MAP_WRITE : ~0u;
    u64 at = from->start;
    for (; platform_page_next(&from->space->platform, at, from->end, &at, &page); at += PAGE_SIZE) {
        if (platform_page_set(&to->space->platform, at, page.frame, page.access & kept))
            return -ENOMEM;
        page_enter(to->space, page.frame);
    }
    if (vma_is_private(from) && (from->access & MAP_WRITE))
        platform_protect(&from->space->platform, from->start, from->end - from->start,
                         entry_access(from, false));
    return 0;
}

static int copy_vma(struct space *child, struct vma *v)
{
    struct vma *copy = vma_create(v);
    if (!copy)
        return -ENOMEM;
    copy->flags &= ~(VMA_LOCKED | VMA_LOCK_ON_FAULT);
    /* What does not fit is shared until it is written, and most children call execve before. */
    if ((v->flags & VMA_ACCOUNT) && commit_check(vma_pages(v)))
        copy->flags &= ~VMA_ACCOUNT;
    vma_link(child, copy);
    space_count(child, copy, true);
    if (is_demand())
        return v->flags & VMA_WIPEONFORK ? 0 : share_pages(v, copy);
    return v->flags & VMA_WIPEONFORK
               ? platform_discard(&child->platform, v->start, v->end - v->start) : 0;
}

static int copy_mappings(struct space *child, struct space *parent)
{
    int error = 0;
    for (struct vma *v = space_first(parent); v && !error; v = vma_next(v)) {
        if (!(v->flags & VMA_DONTFORK))
            error = copy_vma(child, v);
        else if (!is_demand())
            error = platform_unmap(&child->platform, v->start, v->end - v->start);
    }
    return error;
}

struct space *space_fork(int *error)
{
    struct space *parent = space_current(), *child = heap_alloc(sizeof(*child));
    *error = -ENOMEM;
    if (!child)
        return NULL;
    copy_layout(child, parent);
    *error = platform_space_fork(&child->platform);
    if (*error) {
        heap_free(child);
        return NULL;
    }
    *error = copy_mappings(child, parent);
    if (!*error)
        return child;
    space_drop(child);
    return NULL;
}
