/* SPDX-License-Identifier: BSD-3-Clause */
/* See get_robust_list(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/credentials.h"

#define HEAD_BYTES 24 /* struct robust_list_head */

long sys_set_robust_list(struct user_ptr head, size_t size)
{
    struct thread *t = current_thread();

    if (size != HEAD_BYTES)
        return -EINVAL;
    t->robust_list = head.address;
    t->robust_list_length = size;
    return 0;
}

/* Whom ptrace(2) would let look; one's own process always. */
static bool may_look(const struct process *p)
{
    const struct credentials *its = &p->credentials;
    u32 own = current_process()->credentials.uid;

    if (p == current_process() || credentials_privileged())
        return true;
    return own == its->euid && own == its->suid && own == its->uid;
}

long sys_get_robust_list(int pid, struct user_ptr head, struct user_ptr size)
{
    const struct thread *t = pid ? thread_find(pid) : current_thread();

    if (!t)
        return -ESRCH;
    if (!may_look(t->process))
        return -EPERM;
    if (write_program_u64(size, HEAD_BYTES) || write_program_u64(head, t->robust_list))
        return -EFAULT;
    return 0;
}
