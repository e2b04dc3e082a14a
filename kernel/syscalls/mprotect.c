/* SPDX-License-Identifier: BSD-3-Clause */
/* See mprotect(2). */
#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "abi_handlers.h"
#include "memory/space.h"
#include "task/task.h"

#define KNOWN_PROT (PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM)

/* PROT_GROWSDOWN: from the beginning of the growing VMA that holds the range's end. */
static long grow_down_start(struct space *s, u64 start, u64 end, u64 *from)
{
    struct vma *v = space_find_from(s, start);
    if (!v || v->start >= end)
        return -ENOMEM;
    if (!(v->flags & VMA_GROWS_DOWN))
        return -EINVAL;
    *from = v->start;
    return 0;
}

long sys_mprotect(u64 address, u64 length, u64 prot)
{
    struct space *s = current_process()->space;
    u64 grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP), end = address + align_up(length, PAGE_SIZE);
    prot &= ~grows;
    if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || !is_aligned(address, PAGE_SIZE))
        return -EINVAL;
    if (length == 0)
        return 0;
    if (end <= address)
        return -ENOMEM;
    if (prot & ~(u64)KNOWN_PROT || grows & PROT_GROWSUP)
        return -EINVAL;
    if (grows & PROT_GROWSDOWN) {
        long error = grow_down_start(s, address, end, &address);
        if (error)
            return error;
    }
    return space_protect(s, address, end - address,
                         (u32)(prot & (PROT_READ | PROT_WRITE | PROT_EXEC)));
}

/* Without protection keys there is only "none", -1. */
long sys_pkey_mprotect(u64 address, u64 length, u64 prot, int pkey)
{
    return pkey == -1 ? sys_mprotect(address, length, prot) : -EINVAL;
}
