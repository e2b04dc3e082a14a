/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the program break.
 * Promises: as Linux: the break moves to exactly what was asked, or stays; the answer is where it
 *           is. Pages are mapped up to the page above the break.
 * See:      brk(2)
 */
#include "abi/linux/errno.h"
#include "memory/space_internal.h"

static bool grow(struct space *s, u64 from, u64 to)
{
    struct vma *next = space_find_from(s, from);
    if (next && vma_start_with_gap(next) < to + PAGE_SIZE) /* Linux keeps one page */
        return false;
    struct map_request r = {.hint = from, .length = to - from, .access = MAP_READ | MAP_WRITE,
                            .fixed = true, .no_replace = true};
    return space_map(s, &r) == (long)from;
}

long space_brk(struct space *s, u64 address)
{
    u64 from = align_up(s->brk_end, PAGE_SIZE), to = align_up(address, PAGE_SIZE);
    if (address < s->brk_start || to < address)
        return (long)s->brk_end;
    u64 data_bytes = address - s->brk_start + (s->data_end - s->data_start);
    if (data_bytes > s->limit_data)
        return (long)s->brk_end;
    if (to < from && space_unmap(s, to, from - to) != 0)
        return (long)s->brk_end;
    if (to > from && !grow(s, from, to))
        return (long)s->brk_end;
    s->brk_end = address;
    return (long)address;
}
