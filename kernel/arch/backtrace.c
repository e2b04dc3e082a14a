/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: the walk along frame pointers, alike on all machines: the pair at one is the caller's frame
 *        pointer and the return address.
 */
#include "arch/arch.h"

u64 arch_frame_pointer(void)
{
    return (u64)__builtin_frame_address(0);
}

/* A chain of frames on one kernel stack grows upwards in small steps; anything else ends it. */
size_t arch_backtrace(u64 frame_pointer, u64 *out, size_t max)
{
    const u64 largest_step = 64 * 1024;
    size_t n = 0;

    while (n < max && frame_pointer && is_aligned(frame_pointer, 8)) {
        const u64 *pair = (const u64 *)frame_pointer;
        if (!pair[1])
            break;
        out[n++] = pair[1];
        if (pair[0] <= frame_pointer || pair[0] - frame_pointer > largest_step)
            break;
        frame_pointer = pair[0];
    }
    return n;
}
