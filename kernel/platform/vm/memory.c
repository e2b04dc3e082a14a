/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames of the vm platform belong to the page allocator; the machine takes none back.
 */
#include "platform/vm/vm.h"

void platform_frames_discard(unused_arg paddr_t first, unused_arg u64 length)
{
}

bool platform_commit(unused_arg s64 pages)
{
    return true;
}

u64 platform_committed_pages(void)
{
    return 0;
}

void platform_set_frame_source(platform_frame_alloc_fn *alloc, platform_frame_free_fn *release)
{
    mmu_set_frame_source(alloc, release);
}
