/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_setaffinity(2). The machine has CPU 0 and no other: any mask that has it means it. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/policy.h"

#define MASK_BYTES 8 /* the kernel's cpumask: one word */
#define CPU_0 1ul

static const struct thread *named(int pid)
{
    return pid ? thread_find(pid) : current_thread();
}

long sys_sched_getaffinity(int pid, u32 size, struct user_ptr mask)
{
    if (size < MASK_BYTES || size % MASK_BYTES)
        return -EINVAL;
    if (!named(pid))
        return -ESRCH;
    return write_program_u64(mask, CPU_0) ? -EFAULT : MASK_BYTES;
}

long sys_sched_setaffinity(int pid, u32 size, struct user_ptr mask)
{
    u64 wanted = 0;

    if (copy_from_program(&wanted, mask, min_u64(size, MASK_BYTES)))
        return -EFAULT;
    const struct thread *t = named(pid);
    if (!t)
        return -ESRCH;
    if (!policy_may_change(t))
        return -EPERM;
    return wanted & CPU_0 ? 0 : -EINVAL;
}
