/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A source of pages for mappings. memory declares it; files implements it for its inodes.
 * page_store (below) is the ready-made one for contents that live in memory: tmpfs files, memfds,
 * shared anonymous mappings.
 */
#pragma once

#include "lib/tree.h"
#include "lib/types.h"

struct backing;
struct rewrite_plan;

struct backing_operations {
    /* The run of consecutive frames that holds pages index .. index+max-1, made if write is
     * true or reading would make them (holes of a store). Returns the length of the run in pages
     * (>= 1), 0: index is beyond the end (SIGBUS), or -errno. The frames belong to the backing;
     * a mapper takes page_ref on counted ones. */
    long (*pages)(struct backing *b, u64 index, u64 max, bool write, paddr_t *first);
    void (*hold)(struct backing *b);
    void (*drop)(struct backing *b);
    /* Name as in /proc/PID/maps; returns the length. */
    size_t (*name)(struct backing *b, char *out, size_t size);
    /* device major/minor packed as Linux's maps prints them, and inode number */
    void (*identity)(struct backing *b, u32 *major, u32 *minor, u64 *inode);
    /* Makes a hole of [offset, offset+length), whole pages (backing_punch() does it for a store);
     * NULL: the source cannot. */
    long (*punch)(struct backing *b, u64 offset, u64 length);
};

struct vma;

struct backing {
    const struct backing_operations *operations;
    u64 size;                 /* bytes; a mapping beyond its last page gets SIGBUS */
    struct vma *mappings;     /* all VMAs of this backing, for truncate */
    struct rewrite_plan *plan; /* what the SDK proved about its call sites; NULL: nothing */
    bool changes;             /* was writable while it was mapped: its text is never rewritten */
};

/* page_store.c: contents in memory. Demand platforms: a tree of frames. Sparse platforms: ranges
 * that grow geometrically, so a file is a handful of contiguous parts and never moves. */
struct page_store {
    struct tree pages;        /* demand */
    paddr_t parts[8];         /* sparse: part n, 0: not there yet */
    u64 resident;             /* pages that hold data, for st_blocks */
};
void page_store_init(struct page_store *s);
void page_store_release(struct page_store *s);
/* Same meaning of arguments and result as backing_operations.pages, without the end check. */
long page_store_pages(struct page_store *s, u64 index, u64 max, bool write, paddr_t *first);
/* Kernel-side copy; holes read zero. write: bytes copied or -ENOMEM. */
void page_store_read(struct page_store *s, u64 offset, void *to, size_t n);
long page_store_write(struct page_store *s, u64 offset, const void *from, size_t n);
/* Drops whole pages at and above `size`, zeroes the rest of the last one. */
void page_store_truncate(struct page_store *s, u64 size);
void page_store_punch(struct page_store *s, u64 offset, u64 length);
/* SEEK_DATA / SEEK_HOLE over [offset, size). */
u64 page_store_next_data(struct page_store *s, u64 offset, u64 size);
u64 page_store_next_hole(struct page_store *s, u64 offset, u64 size);

/* space.c: the backing's size changes to new_size: mappings past the end lose their pages
 * everywhere (SIGBUS on touch), mappings that reach new pages can fault them. Call after the
 * content was cut / grown and backing.size was set. */
void backing_resized(struct backing *b, u64 old_size);
/* A hole in a backing whose content is this store: mappings let go of its pages. */
void backing_punch(struct backing *b, struct page_store *store, u64 offset, u64 length);
/* The content is about to be written: its mappings show it from now on (rewrite.c). */
#if CONFIG_REWRITE
void backing_changes(struct backing *b);
#else
static inline void backing_changes(unused_arg struct backing *b) {}
#endif
/* The content lies in other frames from now on: mappings follow. Call after the change; the old frames
 * are not counted, or else no longer pages() of the backing. */
void backing_moved(struct backing *b);
