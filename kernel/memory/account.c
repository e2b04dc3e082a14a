/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the sum that -m bounds: frames of the page allocator, pages of sparse parts that hold
 *           file data, and private program memory that eager platforms committed.
 * Promises: the sum never passes the limit; what does not fit is refused, never waited for.
 * Locking:  the page allocator's.
 */
#include "memory/page_internal.h"
#include "memory/sanitizer_heap.h"
#include "platform/platform.h"

static u64 store_pages, peak_pages;

u64 account_limit_pages(void)
{
    const struct platform_traits *t = platform_traits();
    return t->demand_paging ? page_total() : t->memory_limit >> PAGE_SHIFT;
}

static u64 used_pages(void)
{
    return page_total() - page_free_count() + store_pages + platform_committed_pages();
}

u64 page_room(void)
{
    if (platform_traits()->demand_paging)
        return page_free_count(); /* the frames are the limit */
    u64 used = used_pages(), limit = account_limit_pages();
    return used <= limit ? limit - used : 0;
}

bool account_has_room(u64 pages)
{
    if (sanitizer_fails())
        return false;
    return platform_traits()->demand_paging || pages <= page_room();
}

void account_note_peak(void) { peak_pages = max_u64(peak_pages, used_pages()); }

bool account_take_store(u64 pages)
{
    if (!account_has_room(pages))
        return false;
    store_pages += pages;
    account_note_peak();
    return true;
}

void account_give_store(u64 pages) { store_pages -= pages; }

bool account_commit(u64 pages)
{
    if (pages && (!account_has_room(pages) || !platform_commit((s64)pages)))
        return false;
    account_note_peak();
    return true;
}

void account_uncommit(u64 pages)
{
    if (pages)
        platform_commit(-(s64)pages);
}

u64 page_peak_used(void) { return peak_pages; }
