/* SPDX-License-Identifier: BSD-3-Clause */
/* See mq_notify(2). */
#include "abi_handlers.h"
#include "syscalls/mqueue_argument.h"

static int check(const struct linux_sigevent *event)
{
    switch (event->sigev_notify) {
    case SIGEV_NONE:
        return 0;
    case SIGEV_SIGNAL:
        return event->sigev_signo < 0 || event->sigev_signo > LINUX_NSIG ? -EINVAL : 0;
    default: /* SIGEV_THREAD comes by a netlink socket, which there is none of */
        return event->sigev_notify == SIGEV_THREAD ? -EBADF : -EINVAL;
    }
}

long sys_mq_notify(int queue, struct user_ptr event)
{
    bool given = !user_is_null(event);
    struct linux_sigevent wanted;

    if (given && copy_from_program(&wanted, event, sizeof(wanted)))
        return -EFAULT;
    int error = given ? check(&wanted) : 0;
    if (error)
        return error;
    struct file *f = mqueue_argument(queue);
    if (!f)
        return -EBADF;
    error = mqueue_notify(f, given ? &wanted : NULL);
    file_drop(f);
    return error;
}
