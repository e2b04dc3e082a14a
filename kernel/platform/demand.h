/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The half of platform.h that machines with demand paging answer alike: nothing is mapped ahead of
 * a fault, so the eager calls succeed and do nothing. Included by space.c of such a platform.
 */
#pragma once

#include "platform/platform.h"

int platform_map_anonymous(unused_arg struct platform_space *space, unused_arg u64 start,
                           unused_arg u64 length, unused_arg u32 access)
{
    return 0;
}

int platform_map_frames(unused_arg struct platform_space *space, unused_arg u64 start,
                        unused_arg paddr_t first, unused_arg u64 length, unused_arg u32 access,
                        unused_arg enum platform_sharing sharing)
{
    return 0;
}

int platform_map_nothing(unused_arg struct platform_space *space, unused_arg u64 start,
                         unused_arg u64 length)
{
    return 0;
}

int platform_discard(unused_arg struct platform_space *space, unused_arg u64 start,
                     unused_arg u64 length)
{
    return 0;
}

int platform_move(unused_arg struct platform_space *space, unused_arg u64 from,
                  unused_arg u64 from_length, unused_arg u64 to, unused_arg u64 to_length)
{
    return 0;
}
