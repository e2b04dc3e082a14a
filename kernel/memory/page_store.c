/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    files' contents in memory, whatever keeps the pages (store_internal.h).
 * Promises: holes cost nothing and read zero; what a truncation or a punch took away reads zero
 *           when it is there again.
 * Locking:  the owner's of the store.
 */
#include "abi/linux/errno.h"
#include "lib/string.h"
#include "memory/page_internal.h"
#include "memory/store_internal.h"
#include "platform/platform.h"

static const struct store_kind *kind;

void page_store_start(void)
{
    kind = platform_traits()->sparse_memory ? &store_parts : &store_frames;
}

void page_store_init(struct page_store *s) { *s = (struct page_store){0}; }

void page_store_release(struct page_store *s)
{
    kind->drop(s, 0, STORE_PAGES_MAX);
    *s = (struct page_store){0};
}

long page_store_pages(struct page_store *s, u64 index, u64 max, bool write, paddr_t *first)
{
    return kind->pages(s, index, max, write, first);
}

void page_store_read(struct page_store *s, u64 offset, void *to, size_t n)
{
    for (u8 *out = to; n;) {
        u64 within = offset % PAGE_SIZE, take = min_u64(n, PAGE_SIZE - within);
        const u8 *page = kind->peek(s, offset / PAGE_SIZE);
        if (page)
            memcpy(out, page + within, take);
        else
            memset(out, 0, take);
        out += take;
        offset += take;
        n -= take;
    }
}

long page_store_write(struct page_store *s, u64 offset, const void *from, size_t n)
{
    size_t done = 0;
    while (done < n) {
        u64 within = offset % PAGE_SIZE, take = min_u64(n - done, PAGE_SIZE - within);
        u8 *page = kind->make(s, offset / PAGE_SIZE, take == PAGE_SIZE);
        if (!page)
            return done ? (long)done : -ENOMEM;
        memcpy(page + within, (const u8 *)from + done, take);
        offset += take;
        done += take;
    }
    return (long)done;
}

static void zero_within(struct page_store *s, u64 offset, u64 end)
{
    u8 *page = kind->peek(s, offset / PAGE_SIZE);
    if (page && end > offset)
        memset(page + offset % PAGE_SIZE, 0, end - offset);
}

void page_store_truncate(struct page_store *s, u64 size)
{
    u64 whole = align_up(size, PAGE_SIZE);
    zero_within(s, size, whole);
    kind->drop(s, whole / PAGE_SIZE, STORE_PAGES_MAX);
}

void page_store_punch(struct page_store *s, u64 offset, u64 length)
{
    u64 end = offset + length;
    u64 first = align_up(offset, PAGE_SIZE), last = align_down(end, PAGE_SIZE);
    if (first > last) { /* within one page */
        zero_within(s, offset, end);
        return;
    }
    zero_within(s, offset, first);
    zero_within(s, last, end);
    kind->drop(s, first / PAGE_SIZE, last / PAGE_SIZE);
}

u64 page_store_next_data(struct page_store *s, u64 offset, u64 size)
{
    if (offset >= size)
        return size;
    if (kind->peek(s, offset / PAGE_SIZE))
        return offset;
    u64 index = kind->next_data(s, offset / PAGE_SIZE);
    return index == STORE_NONE ? size : min_u64(index * PAGE_SIZE, size);
}

u64 page_store_next_hole(struct page_store *s, u64 offset, u64 size)
{
    while (offset < size && kind->peek(s, offset / PAGE_SIZE))
        offset = align_down(offset, PAGE_SIZE) + PAGE_SIZE;
    return min_u64(offset, size);
}
