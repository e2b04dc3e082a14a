/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stub machine's page tables: one list of pages for all spaces.
 *
 * Holds:    (space, address) -> frame and access, in an array searched from end to end: a test maps
 *           a few hundred pages, and the simplest thing cannot be wrong.
 * Refuses:  eager mapping succeeds and does nothing, as platform.h says of demand platforms.
 */
#include "abi/linux/errno.h"
#include "platform/demand.h"

#define STUB_PAGES 4096u

struct stub_page {
    u64 root, address; /* root 0: free */
    struct platform_page page;
};

static struct stub_page stub_pages[STUB_PAGES];
static u64 spaces_made;

int platform_space_init(struct platform_space *space)
{
    space->root = ++spaces_made;
    space->pages = 0;
    return 0;
}

int platform_space_fork(struct platform_space *space) { return platform_space_init(space); }

void platform_space_destroy(struct platform_space *space)
{
    (void)platform_unmap(space, 0, UINT64_MAX);
    space->root = 0;
}

void platform_space_switch(unused_arg const struct platform_space *space) {}
bool platform_space_lost(unused_arg u64 *root) { return false; }
bool platform_space_is_lost(unused_arg const struct platform_space *space) { return false; }

static struct stub_page *stub_find(const struct platform_space *space, u64 address)
{
    for (size_t i = 0; i < STUB_PAGES; i++)
        if (stub_pages[i].root == space->root && stub_pages[i].address == address)
            return &stub_pages[i];
    return NULL;
}

static struct stub_page *stub_free_page(void)
{
    for (size_t i = 0; i < STUB_PAGES; i++)
        if (stub_pages[i].root == 0)
            return &stub_pages[i];
    return NULL;
}

int platform_page_set(struct platform_space *space, u64 address, paddr_t frame, u32 access)
{
    struct stub_page *found = stub_find(space, address);
    if (!found)
        found = stub_free_page();
    if (!found)
        return -ENOMEM;
    *found = (struct stub_page){
        .root = space->root,
        .address = address,
        .page = {.frame = frame, .access = access, .present = true},
    };
    return 0;
}

bool platform_page_get(const struct platform_space *space, u64 address, struct platform_page *out)
{
    const struct stub_page *found = stub_find(space, address);
    if (found)
        *out = found->page;
    return found != NULL;
}

void platform_page_clear(struct platform_space *space, u64 address)
{
    struct stub_page *found = stub_find(space, address);
    if (found)
        *found = (struct stub_page){0};
}

bool platform_page_next(const struct platform_space *space, u64 address, u64 end, u64 *found,
                        struct platform_page *out)
{
    const struct stub_page *best = NULL;
    for (size_t i = 0; i < STUB_PAGES; i++) {
        const struct stub_page *page = &stub_pages[i];
        bool inside = page->root == space->root && page->address >= address && page->address < end;
        if (inside && (!best || page->address < best->address))
            best = page;
    }
    if (!best)
        return false;
    *found = best->address;
    *out = best->page;
    return true;
}

u64 platform_peek(unused_arg struct platform_space *space, unused_arg u64 address,
                  unused_arg void *to, unused_arg u64 length)
{
    return 0;
}

u64 platform_poke(unused_arg struct platform_space *space, unused_arg u64 address,
                  unused_arg const void *from, unused_arg u64 length)
{
    return 0;
}

int platform_unmap(struct platform_space *space, u64 start, u64 length)
{
    for (size_t i = 0; i < STUB_PAGES; i++) {
        struct stub_page *page = &stub_pages[i];
        if (page->root == space->root && page->address >= start && page->address - start < length)
            *page = (struct stub_page){0};
    }
    return 0;
}

int platform_protect(struct platform_space *space, u64 start, u64 length, u32 access)
{
    for (size_t i = 0; i < STUB_PAGES; i++) {
        struct stub_page *page = &stub_pages[i];
        if (page->root == space->root && page->address >= start && page->address - start < length)
            page->page.access = access;
    }
    return 0;
}

u64 platform_resident_private(unused_arg struct platform_space *space) { return 0; }

u64 platform_resident(struct platform_space *space, u64 start, u64 length)
{
    u64 bytes = 0;
    for (size_t i = 0; i < STUB_PAGES; i++) {
        const struct stub_page *page = &stub_pages[i];
        if (page->root == space->root && page->address >= start && page->address - start < length)
            bytes += PAGE_SIZE;
    }
    return bytes;
}
