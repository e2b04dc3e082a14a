/* SPDX-License-Identifier: BSD-3-Clause */
/* See epoll_ctl(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/epoll.h"

static int control(struct file *epoll, int operation, struct file *target, int fd,
                   const struct linux_epoll_event *event)
{
    if (!target->operations->poll)
        return -EPERM;
    if (!file_is_epoll(epoll) || epoll == target)
        return -EINVAL;
    switch (operation) {
    case EPOLL_CTL_ADD:
        return epoll_add(epoll, target, fd, event);
    case EPOLL_CTL_MOD:
        return epoll_change(epoll, target, fd, event);
    case EPOLL_CTL_DEL:
        return epoll_remove(epoll, target, fd);
    default:
        return -EINVAL;
    }
}

long sys_epoll_ctl(int epfd, int operation, int fd, struct user_ptr event)
{
    struct linux_epoll_event e = {0};

    if (operation != EPOLL_CTL_DEL && copy_from_program(&e, event, sizeof(e)))
        return -EFAULT;
    struct file *epoll = descriptor_file(epfd);
    struct file *target = epoll ? descriptor_file(fd) : NULL;
    int error = target ? control(epoll, operation, target, fd, &e) : -EBADF;
    file_drop(target);
    file_drop(epoll);
    return error;
}
