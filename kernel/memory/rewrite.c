/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Call sites that become jumps when they first trap.
 *
 * Holds:    which text may be rewritten, where its stubs go, and the sites that were looked at.
 * Promises: only text of a file that this program never could write and that nobody can change is
 *           rewritten, in a copy of the page: reads of the file, and its other mappings, see its own
 *           bytes. Text and stubs come and go together: when either place is unmapped, moved or
 *           protected otherwise, the file's own pages are shown again. What is not rewritten traps.
 *           No frame ever stays in a stub.
 * Locking:  the space's.
 * See:      DESIGN 3.4; rewritten.c; arch/x86_64/stubs.c
 */
#include "arch/upcalls.h"
#include "lib/string.h"
#include "memory/space_internal.h"

#define SEEN 512u
#define TEXT_MOST (512ull << 20) /* so that a jump reaches */
#define LOW_END (4ull << 30)

static bool enabled;

/* Sites that trapped, rewritten or not: each is looked at once, more or less. */
static struct {
    u64 pc;
    u32 serial, traps;
} seen[SEEN];

void rewrite_start(bool on) { enabled = on && arch_patch_bytes(); }

static bool is_rewritable(const struct vma *v)
{
    return v->backing && v->access == (MAP_READ | MAP_EXECUTE) && !v->backing->changes &&
           !(v->flags & (VMA_SHARED | VMA_WAS_WRITABLE | VMA_VDSO | VMA_VVAR | VMA_STUBS)) &&
           v->end - v->start <= TEXT_MOST;
}

/* --- where stubs go --- */

static bool stubs_fit(struct space *s, const struct vma *v, s64 distance)
{
    u64 at = v->start + (u64)distance, length = v->end - v->start;
    bool wraps = distance < 0 ? at > v->start : at < v->start;
    return !wraps && space_range_free(s, at, length);
}

/* Far enough to stand in nobody's way, near enough for a jump. Below the break of a program that
 * lies low there is nothing, and heaps grow above. */
static s64 choose_distance(struct space *s, const struct vma *v)
{
    static const s64 high[] = {-(1ll << 30), 1ll << 30, -(1ll << 29), 1ll << 29, -(3ll << 28)};
    static const s64 low[] = {7ll << 28, 6ll << 28, 5ll << 28, 1ll << 30, 1ll << 29};
    const s64 *candidates = v->start < LOW_END ? low : high;
    for (unsigned i = 0; i < ARRAY_SIZE(high); i++)
        if (stubs_fit(s, v, candidates[i]))
            return candidates[i];
    return 0;
}

static struct rewritten *find_version(struct space *s, struct vma *v)
{
    struct rewritten **list = text_versions(v->backing, true);
    if (!list)
        return NULL;
    for (struct rewritten *r = *list; r; r = r->next)
        if (stubs_fit(s, v, r->distance))
            return r;
    s64 distance = choose_distance(s, v);
    return distance ? rewritten_make(list, v->backing->size, distance) : NULL;
}

/* The VMA gets its stubs; false: there is no place for them. */
static bool give_stubs(struct space *s, struct vma *v)
{
    struct rewritten *r = find_version(s, v);
    if (!r)
        return false;
    struct map_request request = {.hint = v->start + (u64)r->distance, .length = v->end - v->start,
                                  .access = MAP_READ | MAP_EXECUTE, .fixed = true,
                                  .flags = VMA_STUBS | VMA_DONTDUMP, .no_replace = true,
                                  .backing = &r->stubs_backing, .offset = v->offset};
    if (space_map(s, &request) < 0)
        return false;
    v->rewritten = r;
    s->stubs++;
    return true;
}

/* --- a site --- */

/* The rewritten page in place of the file's. */
static void show_page(struct vma *v, u64 at, u64 index)
{
    struct platform_space *p = &v->space->platform;
    if (platform_traits()->demand_paging)
        drop_pages(v, at, at + PAGE_SIZE); /* the next touch brings it */
    else
        platform_map_frames(p, at, rewritten_frame(v->rewritten, index), PAGE_SIZE, v->access,
                            SHARING_PRIVATE);
}

static void look_at(struct space *s, u64 pc)
{
    u64 patch = pc - SITE_BYTES - arch_patch_bytes(), own_end, within = patch % PAGE_SIZE;
    struct vma *v = space_find(s, patch);
    paddr_t own;
    if (!v || !is_rewritable(v) || pc > v->end || within + arch_patch_bytes() > PAGE_SIZE)
        return;
    u64 index = vma_offset_at(v, patch) >> PAGE_SHIFT;
    own_end = (index + 1) << PAGE_SHIFT;
    if (own_end > align_up(v->backing->size, PAGE_SIZE) ||
        v->backing->operations->pages(v->backing, index, 1, false, &own) < 1)
        return;
    struct text text = text_around(v->backing, index, own);
    if (!arch_can_patch(text.bytes, text.length, text.page + within))
        return;
    own = text_page(v->backing, index, own);
    if (own && (v->rewritten || give_stubs(s, v)) &&
        rewritten_patch(v->rewritten, index, within, own))
        show_page(v, align_down(patch, PAGE_SIZE), index);
}

/* A fork's child calls most sites once, on its way to an execve or its end: to be shown another page
 * costs it more than a trap. */
static bool is_due(const struct space *s, u64 pc)
{
    unsigned slot = (unsigned)((pc ^ pc >> 9) % SEEN);
    if (seen[slot].pc != pc || seen[slot].serial != s->serial) {
        seen[slot].pc = pc;
        seen[slot].serial = s->serial;
        seen[slot].traps = 0;
    }
    return ++seen[slot].traps == (s->is_copy ? 2 : 1);
}

void rewrite_trapped(u64 pc)
{
    struct space *s = space_current();
    if (enabled && is_due(s, pc))
        look_at(s, pc);
}

/* --- back --- */

static void remove_stubs(struct space *s, const struct rewritten *r, u64 start, u64 end)
{
    u64 at = start;
    for (struct vma *v; (v = space_find_from(s, at)) && v->start < end;) {
        u64 from = max_u64(v->start, start), to = min_u64(v->end, end);
        at = to;
        if (v->flags & VMA_STUBS && v->backing == &r->stubs_backing)
            unmap_range(s, from, to);
    }
}

void rewrite_hide(struct vma *v)
{
    struct rewritten *r = v->rewritten;
    v->rewritten = NULL;
    if (platform_traits()->demand_paging)
        drop_pages(v, v->start, v->end);
    else if (apply_range(v, v->start, v->end))
        platform_map_nothing(&v->space->platform, v->start, v->end - v->start);
    remove_stubs(v->space, r, v->start + (u64)r->distance, v->end + (u64)r->distance);
}

/* Text that jumps into these stubs. */
static bool hide_text_of(struct space *s, const struct vma *stubs)
{
    struct rewritten *r =
        container_of(stubs->backing, struct rewritten, stubs_backing);
    u64 start = stubs->start - (u64)r->distance, end = stubs->end - (u64)r->distance;
    for (struct vma *v = space_find_from(s, start); v && v->start < end; v = vma_next(v)) {
        if (v->rewritten == r) {
            rewrite_hide(v);
            return true;
        }
    }
    return false;
}

void rewrite_leave(struct space *s, u64 start, u64 end)
{
    struct vma *v = s->stubs ? space_find_from(s, start) : NULL;
    while (v && v->start < end) {
        bool changed = v->flags & VMA_STUBS && hide_text_of(s, v); /* then v is gone */
        if (!changed && v->rewritten) {
            rewrite_hide(v);
            changed = true;
        }
        v = changed ? space_find_from(s, start) : vma_next(v);
    }
}

void backing_changes(struct backing *b)
{
    if (b->changes || !b->mappings)
        return;
    b->changes = true;
    for (struct vma *v = b->mappings; v; v = v->next_mapping)
        if (v->rewritten)
            rewrite_hide(v);
}

void rewrite_note_mapping(struct vma *v)
{
    if (v->flags & VMA_SHARED && (v->access & MAP_WRITE || v->flags & VMA_MAY_WRITE))
        backing_changes(v->backing);
}

/* --- frames --- */

void rewrite_settle(struct trap_frame *frame)
{
    struct space *s = space_current();
    struct vma *v = s->stubs ? space_find(s, frame_pc(frame)) : NULL;
    u8 stub[ARCH_STUB_BYTES];
    if (!v || !(v->flags & VMA_STUBS))
        return;
    u64 at = align_down(frame_pc(frame), ARCH_STUB_BYTES);
    struct rewritten *r = container_of(v->backing, struct rewritten, stubs_backing);
    page_store_read(&r->stubs, vma_offset_at(v, at), stub, sizeof(stub));
    if (at % PAGE_SIZE >= ARCH_STUB_HEAD && arch_is_stub(stub))
        arch_stub_settle(frame, stub, at);
}
