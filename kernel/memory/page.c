/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the page frames of the machine: a buddy allocator with one 16-byte record per frame.
 * Promises: an allocated order-0 frame has a reference count; a run of 2^n frames is aligned to
 *           its size; allocation is O(orders), and for single frames mostly O(1): some that came
 *           back are kept at hand and not joined with their neighbours.
 * Locking:  one lock for all (free today).
 * Refuses:  to sleep; to hand out reserved frames (kernel image, root image, tables made at boot).
 */
#include "memory/page.h"

#include "lib/lock.h"
#include "lib/log.h"
#include "lib/sanitizer.h"
#include "lib/string.h"
#include "lib/undo.h"
#include "memory/page_internal.h"
#include "platform/platform.h"

#define ORDERS 19 /* up to 1 GiB */
#define NOBODY UINT32_MAX
#define AT_HAND_MOST 256 /* frames */
#define REFILL_ORDER 4

enum frame_state {
    FRAME_NONE,      /* inside a block, or not ours */
    FRAME_FREE,      /* first of a free block of 2^order */
    FRAME_ALLOCATED, /* first of an allocated block */
    FRAME_RUN,       /* first of a run of `next` pages (heap) */
};

struct frame {
    u32 next, prev; /* free blocks of one order, by frame index */
    u32 references;
    u8 state, order;
};

static struct frame *frames;
static u64 frame_base, frame_count; /* page numbers */
static u32 free_heads[ORDERS];
static u32 at_hand, at_hand_count; /* single free frames, state FRAME_NONE, linked by `next` */
static u64 total_pages, free_pages;
static paddr_t zero_frame;
static struct lock page_lock;

static u64 index_of(paddr_t p) { return (p >> PAGE_SHIFT) - frame_base; }
static paddr_t paddr_of(u64 index) { return (index + frame_base) << PAGE_SHIFT; }

static void push_free(u64 index, unsigned order)
{
    struct frame *f = &frames[index];
    *f = (struct frame){.next = free_heads[order], .prev = NOBODY, .state = FRAME_FREE,
                        .order = (u8)order};
    if (f->next != NOBODY)
        frames[f->next].prev = (u32)index;
    free_heads[order] = (u32)index;
}

static void unlink_free(u64 index)
{
    struct frame *f = &frames[index];
    if (f->prev == NOBODY)
        free_heads[f->order] = f->next;
    else
        frames[f->prev].next = f->next;
    if (f->next != NOBODY)
        frames[f->next].prev = f->prev;
    f->state = FRAME_NONE;
}

/* Gives 2^order frames back, joining free neighbours. Alignment is that of the page number, so
 * that a block of 2 MiB can serve as one. */
static void free_block(u64 index, unsigned order)
{
    undo_note_pages_freed();
    free_pages += 1ull << order;
    frames[index].state = FRAME_NONE;
    while (order + 1 < ORDERS) {
        u64 number = (index + frame_base) ^ (1ull << order);
        if (number < frame_base)
            break;
        u64 buddy = number - frame_base;
        if (buddy + (1ull << order) > frame_count || frames[buddy].state != FRAME_FREE ||
            frames[buddy].order != order)
            break;
        unlink_free(buddy);
        index = index < buddy ? index : buddy;
        order++;
    }
    push_free(index, order);
}

/* Any range of frames, as the largest blocks that fit. */
static void free_range(u64 index, u64 count)
{
    while (count) {
        unsigned order = 0;
        u64 number = index + frame_base;
        while (order + 1 < ORDERS && is_aligned(number, 2ull << order) && (2ull << order) <= count)
            order++;
        free_block(index, order);
        index += 1ull << order;
        count -= 1ull << order;
    }
}

static bool take_at_hand(u64 *out)
{
    if (!at_hand_count)
        return false;
    *out = at_hand;
    at_hand = frames[at_hand].next;
    at_hand_count--;
    return true;
}

static void keep_at_hand(u64 index)
{
    frames[index].state = FRAME_NONE;
    frames[index].next = at_hand;
    at_hand = (u32)index;
    at_hand_count++;
    free_pages++;
}

static unsigned find_order(unsigned order)
{
    while (order < ORDERS && free_heads[order] == NOBODY)
        order++;
    return order;
}

/* Frames kept at hand become blocks again. */
static void join_at_hand(void)
{
    u64 index;
    while (take_at_hand(&index)) {
        free_pages--; /* free_block adds it again */
        free_block(index, 0);
    }
}

/* A block of 2^order from the free lists, the larger one it came from split. */
static bool split_block(unsigned order, u64 *out)
{
    unsigned have = find_order(order);
    if (have == ORDERS)
        return false;
    *out = free_heads[have];
    unlink_free(*out);
    while (have > order) {
        have--;
        push_free(*out + (1ull << have), have);
    }
    free_pages -= 1ull << order;
    return true;
}

/* Some neighbours at once, the lowest on top. */
static void refill_at_hand(void)
{
    u64 index;
    if (at_hand_count || !split_block(REFILL_ORDER, &index))
        return;
    for (u64 i = 1ull << REFILL_ORDER; i--;)
        keep_at_hand(index + i);
}

static bool take_block(unsigned order, u64 *out)
{
    if (!account_has_room(1ull << order))
        return false;
    bool found = false;
    if (order == 0) {
        refill_at_hand();
        found = take_at_hand(out);
        free_pages -= found;
    }
    if (!found)
        found = split_block(order, out);
    if (!found) {
        join_at_hand();
        found = split_block(order, out);
    }
    if (found)
        account_note_peak();
    return found;
}

bool page_alloc(unsigned order, paddr_t *out)
{
    u64 index;
    if (order >= ORDERS)
        return false;
    lock_take(&page_lock);
    bool found = take_block(order, &index);
    if (found) {
        frames[index].state = FRAME_ALLOCATED;
        frames[index].order = (u8)order;
        frames[index].references = 1;
        *out = paddr_of(index);
        sanitizer_mark(paddr_to_pointer(*out), PAGE_SIZE << order, SANITIZER_OPEN);
    }
    lock_give(&page_lock);
    return found;
}

bool page_alloc_zeroed(unsigned order, paddr_t *out)
{
    if (!page_alloc(order, out))
        return false;
    memset(paddr_to_pointer(*out), 0, PAGE_SIZE << order);
    return true;
}

bool page_is_counted(paddr_t p)
{
    u64 index = index_of(p);
    return index < frame_count && frames[index].state == FRAME_ALLOCATED && p != zero_frame;
}

static struct frame *counted_frame(paddr_t p)
{
    u64 index = index_of(p);
    assert_always(index < frame_count && frames[index].state == FRAME_ALLOCATED);
    return &frames[index];
}

void page_ref(paddr_t p) { counted_frame(p)->references++; }
void *page_pointer(paddr_t p) { return paddr_to_pointer(p); }
u32 page_refs(paddr_t p) { return counted_frame(p)->references; }

void page_unref(paddr_t p)
{
    struct frame *f = counted_frame(p);
    assert_always(f->references > 0);
    if (--f->references == 0)
        page_free(p, f->order);
}

void page_free(paddr_t first, unsigned order)
{
    struct frame *f = counted_frame(first);
    assert_always(f->order == order);
    lock_take(&page_lock);
    sanitizer_mark(paddr_to_pointer(first), PAGE_SIZE << order, SANITIZER_FREED_PAGE);
    if (order == 0 && at_hand_count < AT_HAND_MOST)
        keep_at_hand(index_of(first));
    else
        free_block(index_of(first), order);
    lock_give(&page_lock);
}

bool page_run_alloc(u64 pages, paddr_t *out)
{
    unsigned order = 0;
    u64 index;
    while (order < ORDERS && (1ull << order) < pages)
        order++;
    if (order == ORDERS)
        return false;
    lock_take(&page_lock);
    bool found = take_block(order, &index);
    if (found) {
        frames[index].state = FRAME_RUN;
        frames[index].next = (u32)pages;
        free_range(index + pages, (1ull << order) - pages);
        *out = paddr_of(index);
        sanitizer_mark(paddr_to_pointer(*out), pages << PAGE_SHIFT, SANITIZER_OPEN);
    }
    lock_give(&page_lock);
    return found;
}

u64 page_run_pages(paddr_t first)
{
    u64 index = index_of(first);
    assert_always(index < frame_count && frames[index].state == FRAME_RUN);
    return frames[index].next;
}

void page_run_free(paddr_t first)
{
    u64 pages = page_run_pages(first);
    lock_take(&page_lock);
    sanitizer_mark(paddr_to_pointer(first), pages << PAGE_SHIFT, SANITIZER_FREED_PAGE);
    free_range(index_of(first), pages);
    lock_give(&page_lock);
}

u64 page_total(void) { return total_pages; }
u64 page_free_count(void) { return free_pages; }
paddr_t page_zero_frame(void) { return zero_frame; }

/* The first byte at or after `at` that no reserved range holds, and in *end where the free stretch
 * ends (the next reserved range, or the end of all frames). */
static u64 free_stretch(u64 at, u64 *end)
{
    const struct platform_traits *t = platform_traits();
    bool moved = true;
    while (moved) {
        moved = false;
        *end = t->frames_end;
        for (const struct platform_range *r = platform_frames_reserved(); r->length; r++) {
            if (at >= r->start && at < r->start + r->length) {
                at = align_up(r->start + r->length, PAGE_SIZE);
                moved = true;
            } else if (r->start > at && r->start < *end) {
                *end = align_down(r->start, PAGE_SIZE);
            }
        }
    }
    return at;
}

/* A place for the frame records: the first free stretch that is large enough. */
static u64 place_records(u64 bytes)
{
    const struct platform_traits *t = platform_traits();
    u64 end;
    for (u64 at = free_stretch(t->frames_start, &end); at < t->frames_end;
         at = free_stretch(end, &end)) {
        if (end - at >= bytes)
            return at;
    }
    panic("memory: no room for the frame table (%zu bytes)", (size_t)bytes);
}

static bool source_alloc(paddr_t *out) { return page_alloc_zeroed(0, out); }
static void source_free(paddr_t frame) { page_unref(frame); }

void memory_start(void)
{
    const struct platform_traits *t = platform_traits();
    frame_base = t->frames_start >> PAGE_SHIFT;
    frame_count = (t->frames_end >> PAGE_SHIFT) - frame_base;
    total_pages = free_pages = 0;
    at_hand_count = 0;
    for (unsigned i = 0; i < ORDERS; i++)
        free_heads[i] = NOBODY;
    u64 bytes = align_up(frame_count * sizeof(struct frame), PAGE_SIZE);
    u64 records = place_records(bytes);
    frames = paddr_to_pointer(records);
    if (!t->sparse_memory) /* fresh sparse memory reads zero, and touching it costs host faults */
        memset(frames, 0, bytes);
    u64 end;
    for (u64 at = free_stretch(t->frames_start, &end); at < t->frames_end;
         at = free_stretch(end, &end)) {
        u64 from = at == records ? at + bytes : at;
        if (from < end)
            free_range(index_of(from), (end - from) >> PAGE_SHIFT);
    }
    total_pages = free_pages;
    page_store_start();
    platform_set_frame_source(source_alloc, source_free);
    if (!page_alloc_zeroed(0, &zero_frame))
        panic("memory: no frame of %zu is free", (size_t)frame_count);
}
