/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory that -m bounds, as far as the platform sees it.
 *
 * Holds:    the count of committed private program pages.
 * Promises: never more than the limit; pages of the memfd that are given back return to the host
 *           and read zero when used again.
 * Locking:  the baton.
 * See:      fallocate(2).
 */
#include "abi/linux/errno.h"
#include "lib/log.h"
#include "platform/process/host.h"

static u64 committed_pages;

void platform_frames_discard(paddr_t first, u64 length)
{
    long error;
    if (first + length > MEMFD_BYTES)
        return;
    do
        error = host(HOST_fallocate, host_machine.memfd,
                     HOST_FALLOC_PUNCH_HOLE | HOST_FALLOC_KEEP_SIZE, first, length);
    while (error == -EINTR);
    if (error) /* what was there would be read where zeros are promised */
        panic("the host takes no memory back: error %ld", -error);
}

bool platform_commit(s64 pages)
{
    if (pages > 0 && committed_pages + (u64)pages > host_machine.memory_limit >> PAGE_SHIFT)
        return false;
    committed_pages += (u64)pages;
    return true;
}

u64 platform_committed_pages(void) { return committed_pages; }

/* The host has the page tables: no frame is ever needed for one. */
void platform_set_frame_source(platform_frame_alloc_fn *alloc, platform_frame_free_fn *release)
{
    (void)alloc, (void)release;
}
