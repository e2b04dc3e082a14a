/* SPDX-License-Identifier: BSD-3-Clause */
/* See msync(2). Mappings show the file's own pages: there is nothing to write back. */
#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "abi_handlers.h"
#include "memory/space.h"
#include "task/task.h"

long sys_msync(u64 address, u64 length, int flags)
{
    u64 end = address + align_up(length, PAGE_SIZE), at = address;
    if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || !is_aligned(address, PAGE_SIZE))
        return -EINVAL;
    if ((flags & MS_ASYNC) && (flags & MS_SYNC))
        return -EINVAL;
    if (end < address)
        return -ENOMEM;
    for (struct vma *v = space_find_from(current_process()->space, at);
         at < end && v && v->start <= at; v = vma_next(v)) {
        if ((flags & MS_INVALIDATE) && (v->flags & VMA_LOCKED))
            return -EBUSY;
        at = v->end;
    }
    return at < end ? -ENOMEM : 0;
}
