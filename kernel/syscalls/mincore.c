/* SPDX-License-Identifier: BSD-3-Clause */
/* See mincore(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "memory/space.h"
#include "memory/user_memory.h"
#include "task/task.h"

#define BATCH 256u

long sys_mincore(u64 address, u64 length, struct user_ptr residency)
{
    struct space *s = current_process()->space;
    u64 pages = align_up(length, PAGE_SIZE) >> PAGE_SHIFT;
    u8 resident[BATCH];
    if (!is_aligned(address, PAGE_SIZE))
        return -EINVAL;
    if (!program_address_ok((struct user_ptr){address}, length))
        return -ENOMEM;
    if (!program_address_ok(residency, pages))
        return -EFAULT;
    for (u64 done = 0; done < pages;) {
        u64 count = min_u64(pages - done, BATCH);
        for (u64 i = 0; i < count; i++) {
            int state = space_page_resident(s, address + ((done + i) << PAGE_SHIFT));
            if (state < 0)
                return -ENOMEM;
            resident[i] = (u8)state;
        }
        if (copy_to_program(user_at(residency, done), resident, count))
            return -EFAULT;
        done += count;
    }
    return 0;
}
