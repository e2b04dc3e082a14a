/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address spaces of the vm platform: page tables (arch/bare.h, mmu_*) behind platform.h.
 *
 * Promises: nothing is mapped but by platform_page_set; the eager calls succeed and do nothing.
 */
#include "abi/linux/errno.h"
#include "platform/demand.h"
#include "platform/vm/vm.h"

int platform_space_init(struct platform_space *space)
{
    *space = (struct platform_space){0};
    if (!mmu_root_create(&space->root))
        return -ENOMEM;
    space->pages = 1;
    return 0;
}

/* memory/ shows the child what it shares, page by page. */
int platform_space_fork(struct platform_space *space) { return platform_space_init(space); }

void platform_space_destroy(struct platform_space *space)
{
    mmu_root_destroy(space->root);
    *space = (struct platform_space){0};
}

void platform_space_switch(const struct platform_space *space)
{
    mmu_switch(space->root);
}

bool platform_space_lost(unused_arg u64 *root) { return false; }
bool platform_space_is_lost(unused_arg const struct platform_space *space) { return false; }

u64 platform_resident_private(unused_arg struct platform_space *space) { return 0; }

u64 platform_resident(struct platform_space *space, u64 start, u64 length)
{
    u64 bytes = 0, at = start, end = start + length;
    struct mmu_entry entry;

    while (mmu_next(space->root, at, end, &at, &entry)) {
        bytes += PAGE_SIZE;
        at += PAGE_SIZE;
    }
    return bytes;
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
    mmu_clear_range(space->root, start, start + length);
    return 0;
}

int platform_protect(struct platform_space *space, u64 start, u64 length, u32 access)
{
    mmu_protect_range(space->root, start, start + length, access);
    return 0;
}

int platform_page_set(struct platform_space *space, u64 address, paddr_t frame, u32 access)
{
    return mmu_set(space->root, address, frame, access) ? 0 : -ENOMEM;
}

static void convert(const struct mmu_entry *entry, struct platform_page *out)
{
    *out = (struct platform_page){.frame = entry->frame,
                                  .access = entry->access,
                                  .present = entry->present,
                                  .dirty = entry->dirty,
                                  .accessed = entry->accessed};
}

bool platform_page_get(const struct platform_space *space, u64 address, struct platform_page *out)
{
    struct mmu_entry entry;

    if (!mmu_get(space->root, address, &entry))
        return false;
    convert(&entry, out);
    return true;
}

void platform_page_clear(struct platform_space *space, u64 address)
{
    mmu_clear(space->root, address);
}

bool platform_page_next(const struct platform_space *space, u64 address, u64 end, u64 *found,
                        struct platform_page *out)
{
    struct mmu_entry entry;

    if (!mmu_next(space->root, address, end, found, &entry))
        return false;
    convert(&entry, out);
    return true;
}
