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

#if CONFIG_REWRITE

#define SEEN 512u
#define TEXT_MOST (512ull << 20) /* so that a jump reaches */
#define LOW_END (4ull << 30)

static bool enabled;
static void (*for_each_frame)(struct space *s, frame_visitor *visit);

/* Sites that trapped, rewritten or not: each is looked at once, more or less. */
static struct {
    u64 pc;
    u32 serial, traps;
} seen[SEEN];

void rewrite_start(bool on, void (*each_frame)(struct space *s, frame_visitor *visit))
{
    enabled = on;
    for_each_frame = each_frame;
}

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

/* From a time when the text was shown rewritten before. */
static bool stubs_are_there(struct space *s, const struct vma *v, const struct rewritten *r)
{
    const struct vma *stubs = space_find(s, v->start + (u64)r->distance);
    return stubs && stubs->backing == &r->stubs_backing && stubs->end - v->end == (u64)r->distance;
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
        if (stubs_fit(s, v, r->distance) || stubs_are_there(s, v, r))
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
    if (!stubs_are_there(s, v, r) && space_map(s, &request) < 0)
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

/* By the plan, or, where it says nothing, by what is always right. */
static bool find_patch(struct vma *v, u64 site, struct rewrite_site *out)
{
    u64 index = site >> PAGE_SHIFT;
    paddr_t own;
    if (plan_find(v->backing, site, out))
        return true;
    if (v->backing->operations->pages(v->backing, index, 1, false, &own) < 1)
        return false;
    struct text text = text_around(v->backing, index, own);
    size_t at = text.page + site % PAGE_SIZE;
    if (!arch_can_patch(text.bytes, text.length, at, &out->patch))
        return false;
    out->start = site - out->patch.before;
    return true;
}

static void look_at(struct space *s, u64 pc)
{
    struct vma *v = space_find(s, pc - SITE_BYTES);
    struct rewrite_site site;
    paddr_t own;
    if (!v || !is_rewritable(v) || pc > v->end ||
        !find_patch(v, vma_offset_at(v, pc - SITE_BYTES), &site))
        return;
    u64 index = site.start >> PAGE_SHIFT, end = site.start + site.patch.length;
    if (site.start < v->offset || end > v->offset + (v->end - v->start) ||
        (end - 1) >> PAGE_SHIFT != index ||
        v->backing->operations->pages(v->backing, index, 1, false, &own) < 1)
        return;
    own = text_page(v->backing, index, own);
    if (own && (v->rewritten || give_stubs(s, v)) && rewritten_patch(v->rewritten, &site, own))
        show_page(v, v->start + ((index << PAGE_SHIFT) - v->offset), index);
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

static struct vma *stubs_at(struct space *s, u64 pc)
{
    struct vma *v = s->stubs ? space_find(s, pc) : NULL;
    return v && v->flags & VMA_STUBS ? v : NULL;
}

static void settle(struct space *s, struct trap_frame *frame)
{
    u64 pc = frame_pc(frame);
    struct vma *v = stubs_at(s, pc);
    struct rewritten *r = v ? rewritten_of(v->backing) : NULL;
    struct rewritten_site *site = r ? rewritten_by_stub(r, vma_offset_at(v, pc)) : NULL;
    if (!site)
        return;
    u64 in_stub = vma_offset_at(v, pc) - site->by_stub.key;
    u64 text = v->start - (u64)r->distance + (site->by_text.key - v->offset);
    frame_set_pc(frame, text + arch_stub_to_text(&site->patch, in_stub));
    frame_leave_stub(frame, pc);
}

/* Threads may wait in a call whose site was overwritten, and would go on in the stub: they go on in
 * their own text instead, which is the file's again. */
void rewrite_hide(struct vma *v)
{
    struct rewritten *r = v->rewritten;
    v->rewritten = NULL;
    if (platform_traits()->demand_paging)
        drop_pages(v, v->start, v->end);
    else if (apply_range(v, v->start, v->end))
        platform_map_nothing(&v->space->platform, v->start, v->end - v->start);
    if (r->windows)
        for_each_frame(v->space, settle);
    remove_stubs(v->space, r, v->start + (u64)r->distance, v->end + (u64)r->distance);
}

/* Text that jumps into these stubs. */
static bool hide_text_of(struct space *s, const struct vma *stubs)
{
    struct rewritten *r = rewritten_of(stubs->backing);
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

void rewrite_settle(struct trap_frame *frame) { settle(space_current(), frame); }

void rewrite_resume(struct trap_frame *frame)
{
    struct space *s = space_current();
    u64 pc = frame_pc(frame);
    struct vma *v = s && s->stubs ? space_find(s, pc) : NULL;
    struct rewritten *r = v ? v->rewritten : NULL;
    if (!r || !r->windows)
        return;
    u64 offset = vma_offset_at(v, pc);
    struct rewritten_site *site = rewritten_by_text(r, offset);
    u64 into = site ? offset - site->by_text.key : 0;
    if (into && site->patch.length > site->patch.before)
        frame_set_pc(frame, v->start + (u64)r->distance + (site->by_stub.key - v->offset) +
                                arch_text_to_stub(&site->patch, into));
}

/* The jump to the stub is none of the program's instructions; nor are the ways to the door and from
 * it. */
enum rewrite_step rewrite_step(const struct trap_frame *frame)
{
    u64 pc = frame_pc(frame);
    struct vma *v = stubs_at(space_current(), pc);
    struct rewritten *r = v ? rewritten_of(v->backing) : NULL;
    struct rewritten_site *site = r ? rewritten_by_stub(r, vma_offset_at(v, pc)) : NULL;
    if (!site)
        return STEP_ORDINARY;
    u64 in_stub = vma_offset_at(v, pc) - site->by_stub.key;
    u64 in_text = arch_stub_to_text(&site->patch, in_stub);
    u64 behind = (u64)site->patch.before + SITE_BYTES;
    if (in_stub == 0 && site->patch.before)
        return STEP_UNSEEN;
    if (site->patch.length < behind)
        return STEP_ORDINARY;
    if (in_text == behind)
        return site->patch.length == behind ? STEP_BACK : STEP_UNSEEN;
    return in_text == site->patch.before ? STEP_CALL : STEP_ORDINARY;
}

#endif
