/* SPDX-License-Identifier: BSD-3-Clause */
/* See madvise(2). Advice that only speeds things up is accepted and needs nothing. */
#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "abi_handlers.h"
#include "memory/space.h"
#include "task/credentials.h"

struct flag_advice {
    int advice;
    u32 set, clear;
};

static const struct flag_advice flag_advices[] = {
    {MADV_DONTFORK, VMA_DONTFORK, 0},       {MADV_DOFORK, 0, VMA_DONTFORK},
    {MADV_WIPEONFORK, VMA_WIPEONFORK, 0},   {MADV_KEEPONFORK, 0, VMA_WIPEONFORK},
    {MADV_DONTDUMP, VMA_DONTDUMP, 0},       {MADV_DODUMP, 0, VMA_DONTDUMP},
    {MADV_HUGEPAGE, VMA_HUGE, VMA_NO_HUGE}, {MADV_NOHUGEPAGE, VMA_NO_HUGE, VMA_HUGE},
};

static const struct flag_advice *find_flags(int advice)
{
    for (size_t i = 0; i < ARRAY_SIZE(flag_advices); i++) {
        if (flag_advices[i].advice == advice)
            return &flag_advices[i];
    }
    return NULL;
}

static bool is_known(int advice)
{
    return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
           (advice >= MADV_FREE && advice <= MADV_COLLAPSE);
}

/* Whether one VMA takes the advice. */
static long check_vma(const struct vma *v, int advice)
{
    bool plain = !v->backing && !(v->flags & VMA_SHARED);
    switch (advice) {
    case MADV_DONTNEED:
    case MADV_COLD:
    case MADV_PAGEOUT:
        return v->flags & VMA_LOCKED ? -EINVAL : 0;
    case MADV_FREE:
    case MADV_WIPEONFORK:
        return plain ? 0 : -EINVAL;
    case MADV_COLLAPSE:
        return -EINVAL; /* no huge pages */
    case MADV_REMOVE:
        if (v->flags & VMA_LOCKED || !v->backing)
            return -EINVAL;
        if (!(v->flags & VMA_SHARED) || !(v->access & MAP_WRITE))
            return -EACCES;
        return v->backing->operations->punch ? 0 : -EOPNOTSUPP;
    default:
        return 0;
    }
}

static long apply(struct space *s, struct vma *v, u64 start, u64 end, int advice)
{
    const struct flag_advice *flags = find_flags(advice);
    if (flags)
        return space_change_flags(s, start, end - start, flags->set, flags->clear);
    switch (advice) {
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_FREE:
        return space_discard(s, start, end - start);
    case MADV_REMOVE:
        return v->backing->operations->punch(v->backing, v->offset + (start - v->start),
                                             end - start);
    default:
        return 0;
    }
}

static long populate(struct space *s, u64 start, u64 end, bool write)
{
    for (u64 at = start; at < end;) {
        struct vma *v = space_find(s, at);
        if (!v)
            return -ENOMEM;
        if (write ? !(v->access & MAP_WRITE) : v->access == 0)
            return -EINVAL;
        u64 to = min_u64(v->end, end);
        long error = space_populate(s, at, to - at, write);
        if (error)
            return error;
        at = to;
    }
    return 0;
}

/* Holes are passed over, and reported when all else is done. */
static long advise(struct space *s, u64 start, u64 end, int advice)
{
    long hole = 0;
    for (u64 at = start; at < end;) {
        struct vma *v = space_find_from(s, at);
        if (!v || v->start > at)
            hole = -ENOMEM;
        if (!v || v->start >= end)
            break;
        u64 from = max_u64(at, v->start), to = min_u64(v->end, end);
        long error = check_vma(v, advice);
        if (!error)
            error = apply(s, v, from, to, advice);
        if (error)
            return error;
        at = to;
    }
    return hole;
}

long sys_madvise(u64 address, u64 length, int advice)
{
    struct space *s = current_process()->space;
    u64 bytes = align_up(length, PAGE_SIZE), end = address + bytes;
    if (advice == MADV_HWPOISON || advice == MADV_SOFT_OFFLINE)
        return credentials_privileged() ? -EINVAL : -EPERM;
    if (!is_known(advice) || !is_aligned(address, PAGE_SIZE) || (length && !bytes) || end < address)
        return -EINVAL;
    if (end == address)
        return 0;
    if (advice == MADV_POPULATE_READ || advice == MADV_POPULATE_WRITE)
        return populate(s, address, end, advice == MADV_POPULATE_WRITE);
    return advise(s, address, end, advice);
}
