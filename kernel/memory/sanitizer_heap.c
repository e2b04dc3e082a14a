/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's heap under the address sanitizer (CONFIG_SANITIZE): objects between bytes that must
 * not be touched, and kept for a while after they were freed.
 *
 * Holds:    a note for each object (size, who asked for it, whether it lives): before small ones,
 *           at the end of the page behind large ones. The last objects that were freed.
 * Promises: as heap.c, which has the memory: 16-byte alignment, pages for what is larger.
 * Locking:  none (one CPU, no preemption in the kernel).
 * Refuses:  objects that were freed already: panic.
 * See:      heap.c, lib/sanitizer.c.
 */
#include "lib/sanitizer.h"
#include "memory/page.h"

#ifdef CONFIG_SANITIZE
#pragma clang attribute push(UNSANITIZED, apply_to = function)

#include "lib/log.h"
#include "lib/string.h"
#include "memory/page_internal.h"
#include "platform/platform.h"

#include "memory/sanitizer_heap.h"

#define SMALL_MOST 1024u
#define BEHIND 16u
#define LIVES 0x6c69766573ul
#define FREED 0x6672656564ul
#define KEPT_SMALL 512u
#define KEPT_LARGE 8u

struct note {
    u64 size, state, site, unused;
};

struct kept {
    void **objects;
    unsigned most, next;
};
static void *small_objects[KEPT_SMALL], *large_objects[KEPT_LARGE];
static struct kept kept_small = {small_objects, KEPT_SMALL, 0};
static struct kept kept_large = {large_objects, KEPT_LARGE, 0};

static bool is_large(const void *p) { return is_aligned((u64)p, PAGE_SIZE); }

static struct note *note_of(void *p)
{
    if (!is_large(p))
        return (struct note *)p - 1;
    return (struct note *)((u64)p + (page_run_pages(pointer_to_paddr(p)) << PAGE_SHIFT)) - 1;
}

static void *object_of(struct note *n) { return n + 1; }

u32 sanitizer_fail_one_in;

bool sanitizer_fails(void)
{
    static u64 state = 88172645463325252ul;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return sanitizer_fail_one_in && state % sanitizer_fail_one_in == 0;
}

static void *alloc_at(size_t size, u64 site)
{
    bool large = size > SMALL_MOST;
    if (size > 1ul << 40 || sanitizer_fails())
        return NULL;
    size_t whole = large ? align_up(size, PAGE_SIZE) + PAGE_SIZE
                         : align_up(size, 16) + sizeof(struct note) + BEHIND;
    void *raw = plain_alloc(whole);
    if (!raw)
        return NULL;
    void *p = large ? raw : object_of(raw);
    sanitizer_mark(raw, whole, SANITIZER_BESIDE_OBJECT);
    sanitizer_mark(p, size, SANITIZER_OPEN);
    *note_of(p) = (struct note){.size = size, .state = LIVES, .site = site};
    return p;
}

static void free_for_good(void *p)
{
    bool large = is_large(p);
    struct note *n = note_of(p);
    size_t whole = large ? align_up(n->size, PAGE_SIZE) + PAGE_SIZE
                         : align_up(n->size, 16) + sizeof(*n) + BEHIND;
    void *raw = large ? p : n;
    sanitizer_mark(raw, whole, SANITIZER_OPEN);
    plain_free(raw);
}

void *heap_alloc(size_t size) { return alloc_at(size, (u64)__builtin_return_address(0)); }

void *heap_alloc_zeroed(size_t size)
{
    void *p = alloc_at(size, (u64)__builtin_return_address(0));
    if (p)
        memset(p, 0, size);
    return p;
}

void heap_free(void *p)
{
    if (!p)
        return;
    struct note *n = note_of(p);
    if (n->state != LIVES)
        panic("sanitizer: %p is freed %s, from %#lx", p,
              n->state == FREED ? "again" : "and was never an object",
              (u64)__builtin_return_address(0));
    n->state = FREED;
    sanitizer_mark(p, align_up(n->size, 8), SANITIZER_FREED_OBJECT);
    struct kept *k = is_large(p) ? &kept_large : &kept_small;
    void *oldest = k->objects[k->next];
    k->objects[k->next] = p;
    k->next = (k->next + 1) % k->most;
    if (oldest)
        free_for_good(oldest);
}

/* Always another place: what still points to the old one is told. */
void *heap_resize(void *old, size_t size)
{
    void *fresh = alloc_at(size, (u64)__builtin_return_address(0));
    if (!old || !fresh)
        return fresh;
    memcpy(fresh, old, min_u64(note_of(old)->size, size));
    heap_free(old);
    return fresh;
}

char *heap_copy_string(const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = alloc_at(n, (u64)__builtin_return_address(0));
    if (copy)
        memcpy(copy, s, n);
    return copy;
}

#pragma clang attribute pop
#endif
