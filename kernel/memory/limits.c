/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the answers to "may this space grow": RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK and
 *           overcommit.
 * Promises: as Linux with vm.overcommit_memory 0: one private writable mapping larger than all
 *           memory is refused, others are not; eager platforms moreover bound the sum by -m.
 * See:      getrlimit(2), proc(5) overcommit_memory
 */
#include "abi/linux/errno.h"
#include "memory/space_internal.h"

static u64 (*lock_limit)(void);

void space_set_lock_limit(u64 (*bytes)(void)) { lock_limit = bytes; }

bool lock_room(const struct space *s, u64 pages)
{
    return !lock_limit || s->locked_pages + pages <= lock_limit() >> PAGE_SHIFT;
}

bool needs_commit(u32 access, u32 flags)
{
    return (access & MAP_WRITE) && !(flags & (VMA_SHARED | VMA_NORESERVE | VMA_THREAD_STACK));
}

int commit_check(u64 pages)
{
    if (pages > account_limit_pages() || !account_commit(pages))
        return -ENOMEM;
    return 0;
}

int limits_check(struct space *s, u64 pages, u32 access, u32 flags)
{
    if (s->total_pages + pages > s->limit_as >> PAGE_SHIFT)
        return -ENOMEM;
    if (is_data(access, flags) && s->data_pages + pages > s->limit_data >> PAGE_SHIFT)
        return -ENOMEM;
    return 0;
}
