/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of memory/ share about spaces and VMAs, and nobody else may use. */
#pragma once

#include "memory/page_internal.h"
#include "memory/space.h"

#define STACK_GUARD_BYTES (256 * PAGE_SIZE)
#define VMA_COUNT_MAX 65530 /* vm.max_map_count */

static inline u64 vma_pages(const struct vma *v) { return (v->end - v->start) >> PAGE_SHIFT; }
static inline bool vma_is_private(const struct vma *v) { return !(v->flags & VMA_SHARED); }
/* Byte of the backing that `address` shows. */
static inline u64 vma_offset_at(const struct vma *v, u64 address)
{
    return v->offset + (address - v->start);
}
/* What RLIMIT_DATA counts. */
static inline bool is_data(u32 access, u32 flags)
{
    return (access & MAP_WRITE) && !(flags & (VMA_SHARED | VMA_GROWS_DOWN));
}
/* Where the VMA begins for others that want a place below: a stack keeps its gap. */
static inline u64 vma_start_with_gap(const struct vma *v)
{
    if (!(v->flags & VMA_GROWS_DOWN))
        return v->start;
    return v->start > STACK_GUARD_BYTES ? v->start - STACK_GUARD_BYTES : 0;
}

/* vma.c. None of these touches pages or the platform. */
struct vma *vma_create(const struct vma *like);  /* unlinked copy; holds the backing */
void vma_free(struct vma *v);                    /* unlinked */
void vma_link(struct space *s, struct vma *v);
void vma_unlink(struct vma *v);
int vma_split(struct vma *v, u64 at);            /* v keeps the lower part; 0 or -ENOMEM */
/* Makes VMA borders at both ends of the range, so that it is made of whole VMAs. */
int space_isolate(struct space *s, u64 start, u64 end);
/* Joins neighbours that have become alike, from the VMA before `start` to the one at `end`. */
void space_merge(struct space *s, u64 start, u64 end);
bool space_is_free(struct space *s, u64 start, u64 end);
u64 space_mapped_pages(struct space *s, u64 start, u64 end);

/* map.c */
void space_count(struct space *s, const struct vma *v, bool add); /* into the space's sums */
void space_remove_vma(struct vma *v); /* a whole VMA goes, with its pages and commitment */

/* place.c */
u64 space_place_request(struct space *s, const struct map_request *r, u64 length); /* 0: none */
void place_note_hole(struct space *s, struct vma *v); /* v is about to leave its place */
bool place_is_reserved(u64 start, u64 end, u64 *reserved_start, u64 *reserved_end);

/* apply.c: VMAs to the platform. */
int apply_range(struct vma *v, u64 start, u64 end); /* eager: mappings as the VMA says */
void release_range(struct vma *v, u64 start, u64 end); /* all pages and mappings go */
void drop_pages(struct vma *v, u64 start, u64 end); /* demand: entries go, frames lose a reference */
void drop_backed_pages(struct vma *v, u64 start, u64 end); /* those that are not private copies */
int make_shared_writable(struct vma *v, u64 start, u64 end); /* eager: holes become pages */
int protect_range(struct vma *v, u64 start, u64 end, u32 old_access);
void page_enter(struct space *s, paddr_t frame); /* accounting of one entry */
u32 entry_access(const struct vma *v, bool own);

/* limits.c: 0 or -ENOMEM. */
int limits_check(struct space *s, u64 pages, u32 access, u32 flags);
bool lock_room(const struct space *s, u64 pages); /* for so many more that are locked */
int commit_check(u64 pages);                     /* heuristic overcommit, then -m where it binds */
bool needs_commit(u32 access, u32 flags);

/* text.c: executable file pages on platforms where programs run in kernel privilege. */
paddr_t text_page(struct backing *b, u64 index, paddr_t frame); /* frame to show; 0: no memory */
bool text_is_known(struct backing *b, u64 index); /* text_page() has looked at it already */
void text_patch_private(paddr_t frame); /* a private copy, where it lies */
void text_forget(struct backing *b);

/* fault.c */
enum fault_answer fault_resolve(struct vma *v, u64 address, u32 access);
