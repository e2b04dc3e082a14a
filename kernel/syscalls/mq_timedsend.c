/* SPDX-License-Identifier: BSD-3-Clause */
/* See mq_send(3). */
#include "abi_handlers.h"
#include "syscalls/mqueue_argument.h"

long sys_mq_timedsend(int queue, struct user_ptr message, u64 length, u32 priority,
                      struct user_ptr timeout)
{
    u64 deadline_ns;
    int error = mqueue_deadline(timeout, &deadline_ns);

    if (!error && priority >= MQ_PRIO_MAX)
        error = -EINVAL;
    if (error)
        return error;
    struct file *f = mqueue_argument(queue);
    if (!f)
        return -EBADF;
    long result = mqueue_send(f, message, length, priority, deadline_ns);
    file_drop(f);
    return result;
}
