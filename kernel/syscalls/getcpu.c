/* SPDX-License-Identifier: BSD-3-Clause */
/* See getcpu(2). One CPU, one node. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"

long sys_getcpu(struct user_ptr cpu, struct user_ptr node, struct user_ptr unused unused_arg)
{
    if (!user_is_null(cpu) && write_program_u32(cpu, 0))
        return -EFAULT;
    if (!user_is_null(node) && write_program_u32(node, 0))
        return -EFAULT;
    return 0;
}
