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

/* space.c */
u32 space_next_serial(void);

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
long unmap_range(struct space *s, u64 start, u64 end); /* page-aligned; 0 or -ENOMEM */
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
struct rewritten **text_versions(struct backing *b, bool make); /* NULL: none, or no memory */
/* The page at `index` with what lies around it in the file, as far as the frames are neighbours. */
struct text {
    u8 *bytes;
    u64 length, page; /* offset of the page */
};
struct text text_around(struct backing *b, u64 index, paddr_t frame);

/* rewrite.c */
#if CONFIG_REWRITE
void rewrite_hide(struct vma *v); /* shows its file's own pages again; its stubs go */
/* [start, end) is about to be unmapped or changed: no text may jump there, nor be there. */
void rewrite_leave(struct space *s, u64 start, u64 end);
void rewrite_note_mapping(struct vma *v); /* it is a backing's new one */
#else
static inline void rewrite_hide(unused_arg struct vma *v) {}
static inline void rewrite_leave(unused_arg struct space *s, unused_arg u64 start,
                                 unused_arg u64 end) {}
static inline void rewrite_note_mapping(unused_arg struct vma *v) {}
#endif

/* plan.c */
struct rewrite_site {
    u64 start;                /* of the patch, in the file */
    struct arch_patch patch;
};
/* What the backing's plan says of the site at this offset. false: nothing. */
bool plan_find(struct backing *b, u64 site, struct rewrite_site *out);

/* rewritten.c: the versions of one file's text. */
struct rewritten {
    struct rewritten *next;   /* of the same file */
    s64 distance;             /* from a place in text to its stubs */
    u32 references;           /* one is the file's, the others are mappings of the stubs */
    struct page_store text, stubs; /* by page of the file */
    struct backing stubs_backing;
    struct tree by_stub, by_text; /* struct rewritten_site */
    u32 windows;              /* sites that are overwritten themselves */
    u64 pages;
    u8 has[];                 /* a bit per page: its copy is in `text` */
};
struct rewritten_site {
    struct tree_node by_stub, by_text; /* keys: offsets in the stubs and in the file */
    struct arch_patch patch;
};
#if CONFIG_REWRITE
struct rewritten *rewritten_make(struct rewritten **list, u64 bytes, s64 distance);
struct rewritten *rewritten_of(struct backing *stubs);
void rewritten_drop(struct rewritten *r);
bool rewritten_has(const struct rewritten *r, u64 index);
paddr_t rewritten_frame(struct rewritten *r, u64 index); /* of a page that it has */
/* Makes a site's patch a jump; `own` is the page as it is shown otherwise. false: no room. */
bool rewritten_patch(struct rewritten *r, const struct rewrite_site *site, paddr_t own);
/* Whose stub, or patch, holds this offset; NULL: nobody's. */
struct rewritten_site *rewritten_by_stub(const struct rewritten *r, u64 offset);
struct rewritten_site *rewritten_by_text(const struct rewritten *r, u64 offset);
#else
static inline void rewritten_drop(unused_arg struct rewritten *r) {}
static inline bool rewritten_has(unused_arg const struct rewritten *r, unused_arg u64 index)
{
    return false;
}
static inline paddr_t rewritten_frame(unused_arg struct rewritten *r, unused_arg u64 index)
{
    return 0;
}
#endif

/* fault.c */
enum fault_answer fault_resolve(struct vma *v, u64 address, u32 access);
