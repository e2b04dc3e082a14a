/* SPDX-License-Identifier: BSD-3-Clause */
/* No man page yet: see the kernel's own documentation, futex2. */
#include "abi_handlers.h"
#include "syscalls/futex2_argument.h"

long sys_futex_wake(struct user_ptr futex, u64 mask, int count, u32 flags)
{
    if (!futex2_flags_ok(flags) || !futex2_value_ok(mask))
        return -EINVAL;
    return futex_wake_exactly(futex, !(flags & FUTEX2_PRIVATE), count, (u32)mask);
}
