/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the way from a VMA to the platform, for both kinds of platform. Eager: the mapping is
 *           made whole. Demand: nothing is made here, only taken back and restricted.
 * Promises: when a mapping could not be made, what was made of it is gone again or belongs to the
 *           range that the caller releases.
 * Locking:  the space's.
 */
#include "abi/linux/errno.h"
#include "memory/space_internal.h"

#define WORTH_A_LOOK (4ull << 20) /* bytes: asking the host what was resident costs a call per VMA */

static bool is_demand(void) { return platform_traits()->demand_paging; }

/* Pages of the backing that exist for [start, end), the rest is beyond its end. */
static u64 backed_end(const struct vma *v, u64 start, u64 end)
{
    u64 size = align_up(v->backing->size, PAGE_SIZE), from = vma_offset_at(v, start);
    if (size <= from)
        return start;
    return size - from < end - start ? start + (size - from) : end;
}

static int apply_backing(struct vma *v, u64 start, u64 end)
{
    struct platform_space *p = &v->space->platform;
    bool shared = !vma_is_private(v);
    u64 stop = backed_end(v, start, end);
    while (start < stop) {
        paddr_t first;
        long run = v->backing->operations->pages(v->backing, vma_offset_at(v, start) >> PAGE_SHIFT,
                                                 (stop - start) >> PAGE_SHIFT,
                                                 shared && (v->access & MAP_WRITE), &first);
        if (run < 0)
            return (int)run;
        if (run == 0)
            break;
        u64 bytes = min_u64((u64)run << PAGE_SHIFT, stop - start);
        int error = platform_map_frames(p, start, first, bytes, v->access,
                                        shared ? SHARING_SHARED : SHARING_PRIVATE);
        if (error)
            return error;
        start += bytes;
    }
    return start < end ? platform_map_nothing(p, start, end - start) : 0;
}

int apply_range(struct vma *v, u64 start, u64 end)
{
    if (is_demand() || start >= end)
        return 0;
    if (v->backing)
        return apply_backing(v, start, end);
    return platform_map_anonymous(&v->space->platform, start, end - start, v->access);
}

void drop_pages(struct vma *v, u64 start, u64 end)
{
    struct space *s = v->space;
    struct platform_page page;
    u64 at;
    s->peak_resident_pages = max_u64(s->peak_resident_pages, s->resident_pages);
    for (u64 from = start; platform_page_next(&s->platform, from, end, &at, &page);
         from = at + PAGE_SIZE) {
        platform_page_clear(&s->platform, at);
        if (page_is_counted(page.frame))
            page_unref(page.frame);
        s->resident_pages--;
    }
}

/* A frame's references do not tell: after a fork private copies are shared, too. */
static bool is_backings_own(const struct vma *v, u64 at, paddr_t frame)
{
    paddr_t own;
    if (!vma_is_private(v) || !page_is_counted(frame))
        return true;
    return v->backing->operations->pages(v->backing, vma_offset_at(v, at) >> PAGE_SHIFT, 1, false,
                                         &own) > 0 && own == frame;
}

/* As drop_pages, but private copies stay. */
void drop_backed_pages(struct vma *v, u64 start, u64 end)
{
    struct platform_page page;
    u64 at;
    for (u64 from = start; platform_page_next(&v->space->platform, from, end, &at, &page);
         from = at + PAGE_SIZE) {
        if (is_backings_own(v, at, page.frame))
            drop_pages(v, at, at + PAGE_SIZE);
    }
}

/* Eager platforms: the peak is looked for before it has shrunk by much. A look costs as much as
 * there are mappings, so small parts (stacks of threads that end) are summed up. */
static void note_leaving(struct space *s, u64 start, u64 end)
{
    s->left_unseen_pages += platform_resident(&s->platform, start, end - start) >> PAGE_SHIFT;
    if (s->left_unseen_pages << PAGE_SHIFT < WORTH_A_LOOK)
        return;
    s->left_unseen_pages = 0;
    (void)space_peak_resident_pages(s);
}

void release_range(struct vma *v, u64 start, u64 end)
{
    if (is_demand())
        drop_pages(v, start, end);
    else if (!v->space->references)
        return; /* the whole space goes: the host takes it back at once */
    else if (v->access && end - start >= WORTH_A_LOOK)
        note_leaving(v->space, start, end);
    platform_unmap(&v->space->platform, start, end - start);
}

void page_enter(struct space *s, paddr_t frame)
{
    if (page_is_counted(frame))
        page_ref(frame);
    s->resident_pages++;
}

/* Rights of an entry. The CPUs have no write-only and no execute-only pages; a private page that
 * others may see too is not writable until it is copied. */
u32 entry_access(const struct vma *v, bool own)
{
    u32 access = v->access ? v->access | MAP_READ : 0;
    return own || !vma_is_private(v) ? access : access & ~MAP_WRITE;
}

/* A shared mapping becomes writable: its holes need pages that count. */
int make_shared_writable(struct vma *v, u64 start, u64 end)
{
    u64 stop = backed_end(v, start, end);
    while (start < stop) {
        paddr_t first;
        long run = v->backing->operations->pages(v->backing, vma_offset_at(v, start) >> PAGE_SHIFT,
                                                 (stop - start) >> PAGE_SHIFT, true, &first);
        if (run <= 0)
            return (int)run;
        start += (u64)run << PAGE_SHIFT;
    }
    return 0;
}

/* File pages that become executable are shown through text_page(): the backing's own leave the
 * tables and fault again, private copies are patched where they lie. */
static void renew_text(struct vma *v, u64 start, u64 end)
{
    struct platform_page page;
    u64 at;
    for (u64 from = start; platform_page_next(&v->space->platform, from, end, &at, &page);
         from = at + PAGE_SIZE) {
        paddr_t own;
        long run = v->backing->operations->pages(v->backing, vma_offset_at(v, at) >> PAGE_SHIFT, 1,
                                                 false, &own);
        if (run > 0 && own == page.frame)
            drop_pages(v, at, at + PAGE_SIZE);
        else if (page_is_counted(page.frame))
            text_patch_private(page.frame);
    }
}

int protect_range(struct vma *v, u64 start, u64 end, u32 old_access)
{
    bool shared = !vma_is_private(v);
    u32 gained = v->access & ~old_access;
    if (!is_demand()) {
        int error = shared && (gained & MAP_WRITE) ? make_shared_writable(v, start, end) : 0;
        u64 stop = v->backing ? backed_end(v, start, end) : end; /* behind it nothing is mapped */
        if (error || stop == start)
            return error;
        return platform_protect(&v->space->platform, start, stop - start, v->access);
    }
    if (v->backing && (gained & MAP_EXECUTE))
        renew_text(v, start, end);
    return platform_protect(&v->space->platform, start, end - start, entry_access(v, false));
}
