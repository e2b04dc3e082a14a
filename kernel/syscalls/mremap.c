/* SPDX-License-Identifier: BSD-3-Clause */
/* See mremap(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "memory/space.h"
#include "task/task.h"

long sys_mremap(u64 old_address, u64 old_size, u64 new_size, u64 flags, u64 new_address)
{
    if (flags != (u32)flags)
        return -EINVAL;
    return space_remap(current_process()->space, old_address, old_size, new_size, (u32)flags,
                       new_address);
}
