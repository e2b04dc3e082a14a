/* SPDX-License-Identifier: BSD-3-Clause */
/* See mq_getsetattr(2). */
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "syscalls/mqueue_argument.h"

long sys_mq_getsetattr(int queue, struct user_ptr new_attributes, struct user_ptr old_attributes)
{
    struct linux_mq_attr wanted = {0};
    bool given = !user_is_null(new_attributes);

    if (given && copy_from_program(&wanted, new_attributes, sizeof(wanted)))
        return -EFAULT;
    if (wanted.mq_flags & ~(s64)O_NONBLOCK)
        return -EINVAL;
    struct file *f = mqueue_argument(queue);
    if (!f)
        return -EBADF;
    struct linux_mq_attr old = mqueue_attributes(f);
    if (given)
        f->flags = (f->flags & ~(u32)O_NONBLOCK) | (u32)wanted.mq_flags;
    file_drop(f);
    if (user_is_null(old_attributes))
        return 0;
    return copy_to_program(old_attributes, &old, sizeof(old));
}
