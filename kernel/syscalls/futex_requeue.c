/* SPDX-License-Identifier: BSD-3-Clause */
/* No man page yet: see the kernel's own documentation, futex2. */
#include "abi_handlers.h"
#include "syscalls/futex2_argument.h"

long sys_futex_requeue(struct user_ptr waiters, u32 flags, int wake_count, int move_count)
{
    struct futex_one from, to;

    if (flags || user_is_null(waiters))
        return -EINVAL;
    int error = futex2_fetch(&from, waiters);
    if (!error)
        error = futex2_fetch(&to, user_at(waiters, sizeof(struct linux_futex_waitv)));
    if (error)
        return error;
    struct futex_requeue request = {
        .from = from.futex,
        .to = to.futex,
        .shared_from = from.shared,
        .shared_to = to.shared,
        .wake_count = wake_count,
        .move_count = move_count,
        .compares = true,
        .value = from.value,
    };
    return futex_requeue(&request);
}
