/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restartable sequences (the kernel's own documentation; there is no man page). On one CPU that
 * switches threads only at kernel entry, cpu_id is always 0; aborting a sequence that a switch
 * interrupted comes with threads.
 */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

#define RSEQ_BYTES 32
#define RSEQ_FLAG_UNREGISTER 1
#define OFFSET_CPU_ID_START 0
#define OFFSET_CPU_ID 4
#define CPU_ID_UNINITIALIZED UINT32_MAX

static long unregister(struct thread *t, struct user_ptr area, u32 size, u32 signature)
{
    if (!t->rseq_address || t->rseq_address != area.address || t->rseq_length != size)
        return -EINVAL;
    if (t->rseq_signature != signature)
        return -EPERM;
    if (write_program_u32(user_at(area, OFFSET_CPU_ID), CPU_ID_UNINITIALIZED))
        return -EFAULT;
    t->rseq_address = 0;
    return 0;
}

long sys_rseq(struct user_ptr area, u32 size, u32 flags, u32 signature)
{
    struct thread *t = current_thread();

    if (flags & RSEQ_FLAG_UNREGISTER)
        return flags == RSEQ_FLAG_UNREGISTER ? unregister(t, area, size, signature) : -EINVAL;
    if (flags)
        return -EINVAL;
    if (t->rseq_address) {
        if (t->rseq_address != area.address || t->rseq_length != size)
            return -EINVAL;
        return t->rseq_signature == signature ? -EBUSY : -EPERM;
    }
    if (size != RSEQ_BYTES || !is_aligned(area.address, RSEQ_BYTES))
        return -EINVAL;
    if (!program_range_ok(area, size) || write_program_u32(user_at(area, OFFSET_CPU_ID_START), 0) ||
        write_program_u32(user_at(area, OFFSET_CPU_ID), 0))
        return -EFAULT;
    t->rseq_address = area.address;
    t->rseq_length = size;
    t->rseq_signature = signature;
    return 0;
}
