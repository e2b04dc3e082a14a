/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    pages dropped and pages asked for ahead of use.
 * Locking:  the space's.
 * See:      madvise(2), mmap(2) MAP_POPULATE
 */
#include "abi/linux/errno.h"
#include "arch/upcalls.h"
#include "memory/space_internal.h"

static int discard_in(struct vma *v, u64 start, u64 end)
{
    if (!vma_is_private(v) && !platform_traits()->demand_paging)
        return 0; /* the contents are the backing's and stay */
    if (platform_traits()->demand_paging) {
        drop_pages(v, start, end);
        return 0;
    }
    return platform_discard(&v->space->platform, start, end - start);
}

long space_discard(struct space *s, u64 start, u64 length)
{
    u64 end = start + length, at = start;
    for (struct vma *v = space_find_from(s, start); v && v->start < end; v = vma_next(v)) {
        if (v->start > at)
            return -ENOMEM;
        at = min_u64(v->end, end);
        int error = discard_in(v, max_u64(v->start, start), at);
        if (error)
            return error;
    }
    return at < end ? -ENOMEM : 0;
}

/* What it does not commit any more it must not touch: nothing of its program runs again. */
static void reap_part(struct vma *v)
{
    if (platform_traits()->demand_paging) {
        drop_pages(v, v->start, v->end);
    } else if ((v->flags & VMA_ACCOUNT) &&
               !platform_discard(&v->space->platform, v->start, v->end - v->start)) {
        account_uncommit(vma_pages(v));
        v->flags &= ~VMA_ACCOUNT;
    }
}

void space_reap(struct space *s)
{
    for (struct vma *v = space_first(s); v; v = vma_next(v))
        if (vma_is_private(v))
            reap_part(v);
}

static long populate_page(struct vma *v, u64 at, bool write)
{
    struct platform_page page;
    u32 wanted = write ? MAP_WRITE : 0;
    if (platform_page_get(&v->space->platform, at, &page) && page.present &&
        (page.access & wanted) == wanted)
        return 0;
    switch (fault_resolve(v, at, write ? FAULT_WRITE : FAULT_READ)) {
    case FAULT_DONE: return 0;
    case FAULT_OUT_OF_MEMORY: return -ENOMEM;
    default: return -EFAULT;
    }
}

/* Eager platforms: the host brings a page in when it is touched, which needs the current space. A
 * write is an exchange of a word with itself. */
static long touch_page(u64 at, bool write)
{
    u32 word;
    if (arch_read_program_u32(&word, at))
        return -EFAULT;
    return write && arch_cmpxchg_program_u32(at, &word, word) == -EFAULT ? -EFAULT : 0;
}

static long populate_part(struct vma *v, u64 start, u64 end, bool write)
{
    bool demand = platform_traits()->demand_paging;
    if (!demand && v->space != space_current())
        return 0;
    for (u64 at = start; at < end; at += PAGE_SIZE) {
        long error = demand ? populate_page(v, at, write) : touch_page(at, write);
        if (error)
            return error;
    }
    return 0;
}

long space_populate(struct space *s, u64 start, u64 length, bool write)
{
    u64 end = start + length;
    u32 needed = write ? MAP_WRITE : MAP_READ | MAP_WRITE | MAP_EXECUTE;
    for (u64 at = start; at < end;) {
        struct vma *v = space_find(s, at);
        if (!v)
            return -ENOMEM;
        if (!(v->access & needed))
            return -EFAULT;
        u64 stop = min_u64(v->end, end);
        long error = populate_part(v, at, stop, write);
        if (error)
            return error;
        at = stop;
    }
    return 0;
}
