/* SPDX-License-Identifier: BSD-3-Clause */
/* Restartable sequences: see the kernel's own documentation; there is no man page. */
#include "task/rseq.h"

#include "abi/linux/errno.h"
#include "abi/linux/futex.h"
#include "abi_handlers.h"

long sys_rseq(struct user_ptr area, u32 size, u32 flags, u32 signature)
{
    struct thread *t = current_thread();

    if (flags == RSEQ_FLAG_UNREGISTER)
        return rseq_unregister(t, area, size, signature);
    return flags ? -EINVAL : rseq_register(t, area, size, signature);
}
