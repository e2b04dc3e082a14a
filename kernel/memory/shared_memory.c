/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the backings of shared anonymous mappings: files without a name, as on Linux.
 * Promises: the memory goes with the last mapping.
 * See:      mmap(2) MAP_SHARED | MAP_ANONYMOUS
 */
#include "memory/shared_memory.h"

#include "lib/string.h"
#include "memory/page.h"

struct shared_memory {
    struct backing backing;
    struct page_store store;
    u32 references;
    u64 number;
};

static u64 next_number = 1024; /* inode numbers of a file system that nobody else sees */

static struct shared_memory *of(struct backing *b)
{
    return container_of(b, struct shared_memory, backing);
}

static long shared_pages(struct backing *b, u64 index, u64 max, bool write, paddr_t *first)
{
    u64 count = b->size / PAGE_SIZE;
    if (index >= count)
        return 0;
    return page_store_pages(&of(b)->store, index, min_u64(max, count - index), write, first);
}

static void shared_hold(struct backing *b) { of(b)->references++; }

static void shared_drop(struct backing *b)
{
    if (--of(b)->references)
        return;
    page_store_release(&of(b)->store);
    heap_free(of(b));
}

static size_t shared_name(unused_arg struct backing *b, char *out, size_t size)
{
    static const char name[] = "/dev/zero (deleted)";
    size_t n = min_u64(sizeof(name) - 1, size);
    memcpy(out, name, n);
    return n;
}

static void shared_identity(struct backing *b, u32 *major, u32 *minor, u64 *inode)
{
    *major = 0;
    *minor = 1;
    *inode = of(b)->number;
}

static long shared_punch(struct backing *b, u64 offset, u64 length)
{
    backing_punch(b, &of(b)->store, offset, length);
    return 0;
}

static const struct backing_operations operations = {
    .pages = shared_pages,
    .hold = shared_hold,
    .drop = shared_drop,
    .name = shared_name,
    .identity = shared_identity,
    .punch = shared_punch,
};

struct backing *shared_memory_create(u64 size)
{
    struct shared_memory *m = heap_alloc_zeroed(sizeof(*m));
    if (!m)
        return NULL;
    page_store_init(&m->store);
    m->backing = (struct backing){.operations = &operations, .size = align_up(size, PAGE_SIZE)};
    m->references = 1;
    m->number = next_number++;
    return &m->backing;
}

void shared_memory_resize(struct backing *b, u64 size)
{
    u64 old = b->size;
    b->size = align_up(size, PAGE_SIZE);
    backing_resized(b, old); /* mappings let go before the pages are dropped */
    if (b->size < old)
        page_store_truncate(&of(b)->store, b->size);
}

struct backing *zero_memory(void)
{
    static struct backing zero = {.operations = &operations};
    return &zero;
}
