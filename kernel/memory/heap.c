/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the kernel's heap. Small objects live in slabs: one page of equal objects behind a
 *           64-byte header. Larger ones are runs of whole pages, known by their page alignment
 *           (a slab's objects never begin a page).
 * Promises: 16-byte alignment; an empty slab goes back to the page allocator, but one per size
 *           is kept so that a lone object does not take and give a page each time.
 * Locking:  one lock for all (free today).
 * Refuses:  to sleep. Sizes above 2^40 are out of memory. Freeing what is not an object panics.
 */
#include "lib/list.h"
#include "lib/lock.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/page_internal.h"
#define SANITIZER_WRAPPED
#include "memory/sanitizer_heap.h"
#include "platform/platform.h"

#define SLAB_HEADER 64
#define SLAB_MAGIC 0x51ab51ab
#define SLAB_MAX 2016
#define HEAP_MAX (1ull << 40)

/* Multiples of 16 that fill 4032 bytes well. */
static const u16 slab_sizes[] = {16,  32,  48,  64,  80,  96,  112, 128,  160,  192, 224,
                                 256, 320, 384, 448, 512, 672, 800, 1008, 1344, SLAB_MAX};
#define KINDS ARRAY_SIZE(slab_sizes)

struct object {
    struct object *next;
};

struct slab {
    struct list link; /* in partly[kind], or alone when full */
    struct object *free;
    u32 magic;
    u16 used, kind, fresh; /* fresh: objects from this number on were never handed out */
};
_Static_assert(sizeof(struct slab) <= SLAB_HEADER, "slab header");

static struct list partly[KINDS]; /* slabs with a free object; zero until first used */
static struct slab *spare[KINDS]; /* one empty slab each */
static u8 kind_of_size[SLAB_MAX / 16 + 1];
static struct lock heap_lock;

static void heap_start(void)
{
    unsigned kind = 0;
    for (unsigned units = 0; units < ARRAY_SIZE(kind_of_size); units++) {
        if (units * 16u > slab_sizes[kind])
            kind++;
        kind_of_size[units] = (u8)kind;
    }
    for (unsigned i = 0; i < KINDS; i++)
        list_init(&partly[i]);
}

static u16 slab_capacity(unsigned kind)
{
    return (u16)((PAGE_SIZE - SLAB_HEADER) / slab_sizes[kind]);
}

static struct slab *slab_create(unsigned kind)
{
    struct slab *s = spare[kind];
    if (s) {
        spare[kind] = NULL;
    } else {
        paddr_t page;
        if (!page_run_alloc(1, &page))
            return NULL;
        s = paddr_to_pointer(page);
        *s = (struct slab){.magic = SLAB_MAGIC, .kind = (u16)kind};
    }
    list_push_front(&partly[kind], &s->link);
    return s;
}

static void *slab_take(unsigned kind)
{
    struct slab *s = list_empty(&partly[kind]) ? slab_create(kind)
                                               : list_entry(partly[kind].next, struct slab, link);
    if (!s)
        return NULL;
    struct object *o = s->free;
    if (o)
        s->free = o->next;
    else
        o = (struct object *)((char *)s + SLAB_HEADER + (size_t)s->fresh++ * slab_sizes[kind]);
    if (++s->used == slab_capacity(kind))
        list_remove(&s->link);
    return o;
}

static struct slab *slab_of(void *p)
{
    struct slab *s = (struct slab *)align_down((u64)p, PAGE_SIZE);
    assert_always(s->magic == SLAB_MAGIC);
    return s;
}

static void slab_give(struct slab *s, void *p)
{
    struct object *o = p;
    assert_always(((u64)p - (u64)s - SLAB_HEADER) % slab_sizes[s->kind] == 0);
    if (s->used == slab_capacity(s->kind))
        list_push_front(&partly[s->kind], &s->link);
    o->next = s->free;
    s->free = o;
    if (--s->used)
        return;
    list_remove(&s->link);
    if (!spare[s->kind]) {
        spare[s->kind] = s;
    } else {
        s->magic = 0;
        page_run_free(pointer_to_paddr(s));
    }
}

static bool is_run(const void *p) { return is_aligned((u64)p, PAGE_SIZE); }

static size_t object_size(void *p)
{
    if (is_run(p))
        return page_run_pages(pointer_to_paddr(p)) << PAGE_SHIFT;
    return slab_sizes[slab_of(p)->kind];
}

void *heap_alloc(size_t size)
{
    void *p = NULL;
    if (size > HEAP_MAX)
        return NULL;
    lock_take(&heap_lock);
    if (size <= SLAB_MAX) {
        if (!partly[0].next)
            heap_start();
        p = slab_take(kind_of_size[(size + 15) / 16]);
    } else {
        paddr_t first;
        if (page_run_alloc(align_up(size, PAGE_SIZE) >> PAGE_SHIFT, &first))
            p = paddr_to_pointer(first);
    }
    lock_give(&heap_lock);
    return p;
}

void *heap_alloc_zeroed(size_t size)
{
    void *p = heap_alloc(size);
    if (p)
        memset(p, 0, size);
    return p;
}

void heap_free(void *p)
{
    if (!p)
        return;
    lock_take(&heap_lock);
    if (is_run(p))
        page_run_free(pointer_to_paddr(p));
    else
        slab_give(slab_of(p), p);
    lock_give(&heap_lock);
}

void *heap_resize(void *old, size_t size)
{
    if (!old)
        return heap_alloc(size);
    size_t have = object_size(old);
    if (size <= have && (size >= have / 2 || have <= 64))
        return old;
    void *fresh = heap_alloc(size);
    if (!fresh)
        return size <= have ? old : NULL;
    memcpy(fresh, old, size < have ? size : have);
    heap_free(old);
    return fresh;
}

char *heap_copy_string(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = heap_alloc(n);
    if (copy)
        memcpy(copy, s, n);
    return copy;
}
