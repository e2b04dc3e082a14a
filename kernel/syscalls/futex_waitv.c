/* SPDX-License-Identifier: BSD-3-Clause */
/* No man page yet: see the kernel's own documentation, futex2. */
#include "abi_handlers.h"
#include "memory/page.h"
#include "syscalls/futex2_argument.h"

static int fetch_all(struct futex_one *futexes, struct user_ptr from, u32 count)
{
    int error = 0;

    for (u32 i = 0; i < count && !error; i++)
        error = futex2_fetch(&futexes[i], user_at(from, i * sizeof(struct linux_futex_waitv)));
    return error;
}

long sys_futex_waitv(struct user_ptr waiters, u32 count, u32 flags, struct user_ptr timeout,
                     int clock)
{
    u64 deadline_ns;

    if (flags || !count || count > FUTEX_WAITV_MAX || user_is_null(waiters))
        return -EINVAL;
    int error = futex2_deadline(&deadline_ns, timeout, clock);
    if (error)
        return error;
    struct futex_one *futexes = heap_alloc(count * sizeof(*futexes));
    if (!futexes)
        return -ENOMEM;
    long result = fetch_all(futexes, waiters, count);
    if (!result)
        result = futex_wait_any(futexes, count, deadline_ns);
    heap_free(futexes);
    return result;
}
