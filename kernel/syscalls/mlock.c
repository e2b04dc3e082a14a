/* SPDX-License-Identifier: BSD-3-Clause */
/* See mlock(2). Nothing is ever swapped out; locking brings pages in, counts and limits. */
#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "memory/space.h"
#include "task/credentials.h"

static u64 lock_limit_pages(void)
{
    return current_process()->limits[RLIMIT_MEMLOCK].soft >> PAGE_SHIFT;
}

static bool may_lock(void) { return lock_limit_pages() > 0 || credentials_privileged(); }

static u64 locked_pages_in(struct space *s, u64 start, u64 end)
{
    u64 pages = 0;
    for (struct vma *v = space_find_from(s, start); v && v->start < end; v = vma_next(v))
        if (v->flags & VMA_LOCKED)
            pages += (min_u64(v->end, end) - max_u64(v->start, start)) >> PAGE_SHIFT;
    return pages;
}

static bool has_room(struct space *s, u64 start, u64 bytes)
{
    u64 pages = s->locked_pages + (bytes >> PAGE_SHIFT);
    return credentials_privileged() || pages <= lock_limit_pages() ||
           pages - locked_pages_in(s, start, start + bytes) <= lock_limit_pages();
}

/* 0, or mlock(2)'s errors: ENOMEM for what cannot be accessed, EAGAIN when there is no memory. */
static long populate(struct space *s, u64 start, u64 length)
{
    u64 end = start + length;
    long result = 0;
    for (struct vma *v = space_find_from(s, start); v && v->start < end && !result;
         v = vma_next(v)) {
        u64 from = max_u64(v->start, start), to = min_u64(v->end, end);
        bool write = (v->access & MAP_WRITE) && !(v->flags & VMA_SHARED);
        long error = v->access ? space_populate(s, from, to - from, write) : -EFAULT;
        if (error)
            result = error == -ENOMEM ? -EAGAIN : -ENOMEM;
    }
    return result;
}

static long lock_range(u64 address, u64 length, u32 flags)
{
    struct space *s = current_process()->space;
    u64 start = align_down(address, PAGE_SIZE);
    u64 bytes = align_up(length + (address - start), PAGE_SIZE), end = start + bytes;
    if (!may_lock())
        return -EPERM;
    if (!has_room(s, start, bytes))
        return -ENOMEM;
    if (end < start)
        return -EINVAL;
    if (bytes == 0)
        return 0;
    long error = space_change_flags(s, start, bytes, flags, VMA_LOCKED | VMA_LOCK_ON_FAULT);
    if (error || flags & VMA_LOCK_ON_FAULT)
        return error;
    return populate(s, start, bytes);
}

long sys_mlock(u64 address, u64 length) { return lock_range(address, length, VMA_LOCKED); }

long sys_mlock2(u64 address, u64 length, u32 flags)
{
    if (flags & ~(u32)MLOCK_ONFAULT)
        return -EINVAL;
    return lock_range(address, length,
                      VMA_LOCKED | (flags & MLOCK_ONFAULT ? VMA_LOCK_ON_FAULT : 0));
}

long sys_munlock(u64 address, u64 length)
{
    u64 start = align_down(address, PAGE_SIZE);
    u64 bytes = align_up(length + (address - start), PAGE_SIZE);
    if (start + bytes < start)
        return -EINVAL;
    if (bytes == 0)
        return 0;
    return space_change_flags(current_process()->space, start, bytes, 0,
                              VMA_LOCKED | VMA_LOCK_ON_FAULT);
}

static void change_all(struct space *s, u32 set)
{
    for (struct vma *v = space_first(s), *next; v; v = next) {
        u64 start = v->start, length = v->end - v->start;
        u64 end = v->end;
        space_change_flags(s, start, length, set, VMA_LOCKED | VMA_LOCK_ON_FAULT);
        next = space_find_from(s, end);
    }
}

long sys_mlockall(int flags)
{
    struct space *s = current_process()->space;
    u32 set = VMA_LOCKED | (flags & MCL_ONFAULT ? VMA_LOCK_ON_FAULT : 0);
    if (flags == 0 || flags == MCL_ONFAULT || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
        return -EINVAL;
    if (!may_lock())
        return -EPERM;
    if (flags & MCL_CURRENT && s->total_pages > lock_limit_pages() && !credentials_privileged())
        return -ENOMEM;
    s->lock_future = flags & MCL_FUTURE ? set : 0;
    if (!(flags & MCL_CURRENT))
        return 0;
    change_all(s, set);
    for (struct vma *v = space_first(s); v && !(flags & MCL_ONFAULT); v = vma_next(v))
        populate(s, v->start, v->end - v->start); /* what cannot come in stays outside */
    return 0;
}

long sys_munlockall(void)
{
    struct space *s = current_process()->space;
    s->lock_future = 0;
    change_all(s, 0);
    return 0;
}
