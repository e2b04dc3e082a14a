/* SPDX-License-Identifier: BSD-3-Clause */
/* The stub machine has no host to give frames back to, and no tables that need frames. */
#include "platform/platform.h"

void platform_frames_discard(unused_arg paddr_t first, unused_arg u64 length) {}
bool platform_commit(unused_arg s64 pages) { return true; }
u64 platform_committed_pages(void) { return 0; }

void platform_set_frame_source(unused_arg platform_frame_alloc_fn *alloc,
                               unused_arg platform_frame_free_fn *release)
{
}
