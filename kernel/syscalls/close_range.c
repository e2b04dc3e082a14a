/* SPDX-License-Identifier: BSD-3-Clause */
/* See close_range(2). With one process per table CLOSE_RANGE_UNSHARE has nothing to do. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/file.h"

long sys_close_range(u32 first, u32 last, u32 flags)
{
    if (flags & ~(u32)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
        return -EINVAL;
    if (first > last)
        return -EINVAL;
    return descriptor_close_range(first, last, flags & CLOSE_RANGE_CLOEXEC);
}
