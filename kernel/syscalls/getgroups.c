/* SPDX-License-Identifier: BSD-3-Clause */
/* See getgroups(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"

long sys_getgroups(int size, struct user_ptr list)
{
    const struct credentials *c = &current_process()->credentials;

    if (size < 0)
        return -EINVAL;
    if (size == 0)
        return c->group_count;
    if ((u32)size < c->group_count)
        return -EINVAL;
    if (copy_to_program(list, c->groups, c->group_count * sizeof(u32)))
        return -EFAULT;
    return c->group_count;
}

long sys_setgroups(u64 size, struct user_ptr list)
{
    struct credentials *c = &current_process()->credentials;
    u32 groups[ARRAY_SIZE(c->groups)];

    if (c->euid != 0)
        return -EPERM;
    if (size > ARRAY_SIZE(groups))
        return -EINVAL;
    if (copy_from_program(groups, list, size * sizeof(u32)))
        return -EFAULT;
    for (u64 i = 0; i < size; i++)
        c->groups[i] = groups[i];
    c->group_count = (u32)size;
    return 0;
}
