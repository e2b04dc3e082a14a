/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    page faults: what a touch of an address means, and on demand platforms the page that
 *           answers it.
 * Promises: FAULT_DONE only when the access can now succeed. A private page is written only by its
 *           single owner; a read of untouched anonymous memory costs no frame.
 * Locking:  the space's.
 * Refuses:  to sleep.
 */
#include "arch/upcalls.h"
#include "lib/string.h"
#include "memory/space_internal.h"

#define AROUND_PAGES 16ull

static bool allows(const struct vma *v, u32 fault_access)
{
    if (fault_access & FAULT_WRITE)
        return v->access & MAP_WRITE;
    if (fault_access & FAULT_EXECUTE)
        return v->access & MAP_EXECUTE;
    return v->access != 0; /* the CPUs have no write-only and no execute-only pages */
}

static bool beyond_end(const struct vma *v, u64 address)
{
    return v->backing && vma_offset_at(v, address) >= align_up(v->backing->size, PAGE_SIZE);
}

static enum fault_answer show(struct vma *v, u64 at, paddr_t frame, u32 access)
{
    if (platform_page_set(&v->space->platform, at, frame, access))
        return FAULT_OUT_OF_MEMORY;
    return FAULT_DONE;
}

/* A page that this mapping alone owns; its one reference goes to the entry. */
static enum fault_answer show_own(struct vma *v, u64 at, paddr_t frame)
{
    enum fault_answer answer = show(v, at, frame, entry_access(v, true));
    if (answer == FAULT_DONE)
        v->space->resident_pages++;
    else
        page_unref(frame);
    return answer;
}

static enum fault_answer fault_anonymous(struct vma *v, u64 at, u32 access)
{
    paddr_t frame;
    if (!(access & FAULT_WRITE)) {
        enum fault_answer answer = show(v, at, page_zero_frame(), entry_access(v, false));
        v->space->resident_pages += answer == FAULT_DONE;
        return answer;
    }
    if (!page_alloc_zeroed(0, &frame))
        return FAULT_OUT_OF_MEMORY;
    return show_own(v, at, frame);
}

static enum fault_answer copy_of(struct vma *v, u64 at, paddr_t from)
{
    paddr_t frame;
    if (!page_alloc(0, &frame))
        return FAULT_OUT_OF_MEMORY;
    memcpy(paddr_to_pointer(frame), paddr_to_pointer(from), PAGE_SIZE);
    return show_own(v, at, frame);
}

static bool is_text(const struct vma *v)
{
    return vma_is_private(v) && (v->access & MAP_EXECUTE) && !(v->flags & VMA_STUBS);
}

/* One page of a backing, unless something already stands there. */
static enum fault_answer show_backed(struct vma *v, u64 at, paddr_t frame)
{
    struct platform_page there;
    if (platform_page_get(&v->space->platform, at, &there) && there.present)
        return FAULT_DONE;
    if (is_text(v)) {
        frame = text_page(v->backing, vma_offset_at(v, at) >> PAGE_SHIFT, frame);
        if (!frame)
            return FAULT_OUT_OF_MEMORY;
        u64 index = vma_offset_at(v, at) >> PAGE_SHIFT;
        if (v->rewritten && rewritten_has(v->rewritten, index))
            frame = rewritten_frame(v->rewritten, index);
    }
    enum fault_answer answer = show(v, at, frame, entry_access(v, false));
    if (answer == FAULT_DONE)
        page_enter(v->space, frame);
    return answer;
}

static long backed_run(struct vma *v, u64 at, u64 max, bool write, paddr_t *first)
{
    u64 left = (v->end - at) >> PAGE_SHIFT;
    return v->backing->operations->pages(v->backing, vma_offset_at(v, at) >> PAGE_SHIFT,
                                         min_u64(max, left), write, first);
}

/* Pages that lie beside the faulted one in the backing are shown at once: cheap, and saves the
 * faults that would follow. Failing there is no failure. */
static void show_around(struct vma *v, u64 at, paddr_t frame)
{
    u64 window = AROUND_PAGES * PAGE_SIZE;
    u64 start = max_u64(align_down(at, window), v->start);
    paddr_t first;
    long run = backed_run(v, start, AROUND_PAGES, false, &first);
    u64 behind = (at - start) >> PAGE_SHIFT;
    if (run <= (long)behind || first + (at - start) != frame) {
        start = at;
        run = backed_run(v, at, AROUND_PAGES - ((at & (window - 1)) >> PAGE_SHIFT), false, &first);
    }
    for (long i = 0; i < run; i++) {
        u64 page = start + ((u64)i << PAGE_SHIFT);
        if (is_text(v) && !text_is_known(v->backing, vma_offset_at(v, page) >> PAGE_SHIFT))
            continue; /* it may never be touched */
        if (page != at && show_backed(v, page, first + ((u64)i << PAGE_SHIFT)) != FAULT_DONE)
            return;
    }
}

static enum fault_answer fault_backed(struct vma *v, u64 at, u32 access)
{
    bool write = access & FAULT_WRITE;
    paddr_t frame;
    if (beyond_end(v, at))
        return FAULT_BEYOND_END;
    long run = backed_run(v, at, 1, write && !vma_is_private(v), &frame);
    if (run == 0)
        return FAULT_BEYOND_END;
    if (run < 0)
        return FAULT_OUT_OF_MEMORY;
    if (write && vma_is_private(v))
        return copy_of(v, at, frame);
    enum fault_answer answer = show_backed(v, at, frame);
    if (answer == FAULT_DONE && !write && !(v->flags & VMA_STUBS))
        show_around(v, at, frame);
    return answer;
}

/* An entry is there but does not allow the access, which the VMA does. */
static enum fault_answer fault_present(struct vma *v, u64 at, u32 access,
                                       const struct platform_page *page)
{
    bool own = page_is_counted(page->frame) && page_refs(page->frame) == 1;
    if (!(access & FAULT_WRITE) || !vma_is_private(v) || own)
        return show(v, at, page->frame, entry_access(v, own));
    enum fault_answer answer = copy_of(v, at, page->frame);
    if (answer == FAULT_DONE) {
        v->space->resident_pages--; /* the old entry's */
        if (page_is_counted(page->frame))
            page_unref(page->frame);
    }
    return answer;
}

enum fault_answer fault_resolve(struct vma *v, u64 address, u32 access)
{
    struct platform_page page;
    u64 at = align_down(address, PAGE_SIZE);
    v->space->min_faults++;
    if (platform_page_get(&v->space->platform, at, &page) && page.present)
        return fault_present(v, at, access, &page);
    return v->backing ? fault_backed(v, at, access) : fault_anonymous(v, at, access);
}

static bool may_grow(struct space *s, struct vma *v, u64 at)
{
    u64 pages = (v->start - at) >> PAGE_SHIFT, reserved_start, reserved_end;
    struct tree_node *n = tree_prev(&v->node);
    struct vma *below = n ? container_of(n, struct vma, node) : NULL;
    if (!(v->flags & VMA_GROWS_DOWN) || at < platform_traits()->program_start)
        return false;
    if (v->end - at > s->stack_limit || limits_check(s, pages, v->access, v->flags))
        return false;
    if (v->flags & VMA_LOCKED && !lock_room(s, pages))
        return false;
    if (below && below->access && !(below->flags & VMA_GROWS_DOWN) &&
        at - below->end < STACK_GUARD_BYTES)
        return false;
    return !place_is_reserved(at, v->start, &reserved_start, &reserved_end);
}

/* The stack VMA above `address` may grow down to it; see mmap(2) MAP_GROWSDOWN, getrlimit(2). */
static enum fault_answer grow_stack(struct space *s, u64 address, struct vma **grown)
{
    u64 at = align_down(address, PAGE_SIZE);
    struct vma *v = space_find_from(s, address);
    if (!v || !may_grow(s, v, at))
        return FAULT_NO_MAPPING;
    u64 pages = (v->start - at) >> PAGE_SHIFT, old_start = v->start;
    if ((v->flags & VMA_ACCOUNT) && commit_check(pages))
        return FAULT_OUT_OF_MEMORY;
    space_count(s, v, false);
    v->start = v->node.key = at;
    if (apply_range(v, at, old_start)) {
        platform_unmap(&s->platform, at, old_start - at);
        v->start = v->node.key = old_start;
        account_uncommit(v->flags & VMA_ACCOUNT ? pages : 0);
    }
    space_count(s, v, true);
    *grown = v;
    return v->start == at ? FAULT_DONE : FAULT_OUT_OF_MEMORY;
}

enum fault_answer space_fault(struct space *s, u64 address, u32 fault_access, u64 program_sp)
{
    (void)program_sp; /* Linux no longer asks how far below the stack pointer a touch is */
    struct vma *v = space_find(s, address);
    bool grown = !v;
    if (grown) {
        enum fault_answer answer = grow_stack(s, address, &v);
        if (answer != FAULT_DONE)
            return answer;
    }
    if (!allows(v, fault_access))
        return FAULT_NO_ACCESS;
    if (platform_traits()->demand_paging)
        return fault_resolve(v, address, fault_access);
    if (beyond_end(v, address))
        return FAULT_BEYOND_END;
    /* Eager mappings are whole: when the VMA allows it and the host does not, nothing helps. */
    return grown ? FAULT_DONE : FAULT_NO_ACCESS;
}
