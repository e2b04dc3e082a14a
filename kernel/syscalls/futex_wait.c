/* SPDX-License-Identifier: BSD-3-Clause */
/* No man page yet: see the kernel's own documentation, futex2. */
#include "abi_handlers.h"
#include "syscalls/futex2_argument.h"

long sys_futex_wait(struct user_ptr futex, u64 value, u64 mask, u32 flags, struct user_ptr timeout,
                    int clock)
{
    struct futex_wait request = {
        .futex = futex,
        .value = (u32)value,
        .bitset = (u32)mask,
        .shared = !(flags & FUTEX2_PRIVATE),
    };

    if (!futex2_flags_ok(flags) || !futex2_value_ok(value) || !futex2_value_ok(mask))
        return -EINVAL;
    int error = futex2_deadline(&request.deadline_ns, timeout, clock);
    return error ? error : futex_wait(&request);
}
