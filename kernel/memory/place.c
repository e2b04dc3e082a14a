/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    where mappings go: Linux's layout, top-down from mmap_base, a wish honoured when the
 *           place is free, a gap of 256 pages below every growing stack.
 * Promises: never an address that the platform keeps for itself.
 * See:      mmap(2), personality(2) ADDR_COMPAT_LAYOUT
 */
#include "lib/random.h"
#include "memory/space_internal.h"

#define MMAP_RANDOM_PAGES_BITS 28
#define STACK_RANDOM_BYTES (0x3fffffull << PAGE_SHIFT)
#define GAP_MIN (128ull << 20)
#define LOW_32BIT_START 0x40000000ull
#define LOW_32BIT_END 0x80000000ull
#define MIN_ADDRESS 0x10000ull /* vm.mmap_min_addr */

static u64 lowest_address(void) { return max_u64(platform_traits()->program_start, MIN_ADDRESS); }

bool place_is_reserved(u64 start, u64 end, u64 *reserved_start, u64 *reserved_end)
{
    for (const struct platform_range *r = platform_program_reserved(); r->length; r++) {
        if (start < r->start + r->length && r->start < end) {
            *reserved_start = align_down(r->start, PAGE_SIZE);
            *reserved_end = align_up(r->start + r->length, PAGE_SIZE);
            return true;
        }
    }
    return false;
}

/* The highest free place of `length` in [low, high), or 0. */
static u64 place_down(struct space *s, u64 low, u64 high, u64 length)
{
    u64 top = high, reserved_start, reserved_end;
    struct tree_node *n = high ? tree_find_floor(&s->vmas, high - 1) : NULL;
    struct vma *v = n ? container_of(n, struct vma, node) : NULL;
    struct tree_node *above = tree_find_ceil(&s->vmas, high);
    if (above)
        top = min_u64(top, vma_start_with_gap(container_of(above, struct vma, node)));
    for (;;) {
        u64 bottom = v ? max_u64(v->end, low) : low;
        while (top >= bottom && top - bottom >= length) {
            if (!place_is_reserved(top - length, top, &reserved_start, &reserved_end))
                return top - length;
            top = reserved_start;
        }
        if (!v || v->start <= low)
            return 0;
        top = min_u64(top, vma_start_with_gap(v));
        n = tree_prev(&v->node);
        v = n ? container_of(n, struct vma, node) : NULL;
    }
}

/* The highest free place in the mmap area. What an earlier search passed over is not looked at
 * again: with thousands of mappings each search would else begin with all of them. */
static u64 place_in_area(struct space *s, u64 length)
{
    u64 from = length >= s->hole_bytes ? min_u64(s->hole_top, s->mmap_base) : s->mmap_base;
    u64 at = place_down(s, lowest_address(), from, length);
    if (at) {
        s->hole_top = at; /* holes above are smaller: this one was filled from its top */
        s->hole_bytes = length;
    }
    return at;
}

void place_note_hole(struct space *s, struct vma *v)
{
    struct vma *next = vma_next(v);
    s->hole_top = max_u64(s->hole_top, next ? next->start : UINT64_MAX);
}

/* The lowest free place of `length` in [low, high), or 0. */
static u64 place_up(struct space *s, u64 low, u64 high, u64 length)
{
    u64 bottom = low, reserved_start, reserved_end;
    struct vma *v = space_find_from(s, low);
    for (;;) {
        u64 top = v ? min_u64(vma_start_with_gap(v), high) : high;
        while (top >= bottom && top - bottom >= length) {
            if (!place_is_reserved(bottom, bottom + length, &reserved_start, &reserved_end))
                return bottom;
            bottom = reserved_end;
        }
        if (!v || v->end >= high)
            return 0;
        bottom = max_u64(bottom, v->end);
        v = vma_next(v);
    }
}

static bool wish_is_free(struct space *s, u64 at, u64 length)
{
    u64 end = platform_traits()->program_end, ignored_start, ignored_end;
    if (length > end || at > end - length || at < lowest_address())
        return false;
    struct vma *v = space_find_from(s, at);
    return (!v || at + length <= vma_start_with_gap(v)) &&
           !place_is_reserved(at, at + length, &ignored_start, &ignored_end);
}

u64 space_place_request(struct space *s, const struct map_request *r, u64 length)
{
    u64 end = platform_traits()->program_end;
    u64 wish = align_down(r->hint, PAGE_SIZE);
    if (r->hint && wish < MIN_ADDRESS)
        wish = MIN_ADDRESS;
    if (length > end)
        return 0;
    if (r->low_32bit) {
        if (wish && wish + length <= LOW_32BIT_END && wish_is_free(s, wish, length))
            return wish;
        return place_up(s, LOW_32BIT_START, LOW_32BIT_END, length);
    }
    if (wish && wish_is_free(s, wish, length))
        return wish;
    if (!s->bottom_up) {
        u64 at = place_in_area(s, length);
        if (at)
            return at;
    }
    return place_up(s, align_up(end / 3, PAGE_SIZE), end, length);
}

u64 space_place(struct space *s, u64 hint, u64 length)
{
    struct map_request r = {.hint = hint};
    return space_place_request(s, &r, length);
}

bool space_range_free(struct space *s, u64 start, u64 length)
{
    return wish_is_free(s, start, length);
}

void space_set_layout(struct space *s, u64 stack_limit, bool randomize)
{
    u64 end = platform_traits()->program_end;
    u64 pad = STACK_GUARD_BYTES + (randomize ? STACK_RANDOM_BYTES : 0);
    u64 gap_max = end / 6 * 5, gap = stack_limit;
    if (gap + pad > gap)
        gap += pad;
    gap = min_u64(max_u64(gap, GAP_MIN), gap_max);
    u64 random = randomize ? random_u64() % (1ull << MMAP_RANDOM_PAGES_BITS) << PAGE_SHIFT : 0;
    s->mmap_base = s->hole_top = align_up(end - gap - random, PAGE_SIZE);
    s->hole_bytes = 0;
    s->stack_limit = stack_limit;
}
