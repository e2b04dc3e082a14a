/* SPDX-License-Identifier: BSD-3-Clause */
/* epoll instances. See epoll(7). */
#pragma once

#include "abi/linux/epoll.h"
#include "files/file.h"

int epoll_open(struct file **out);
bool file_is_epoll(const struct file *f);
/* EPOLL_CTL_*; fd is the number that names the registration. -errno as epoll_ctl(2). */
int epoll_add(struct file *epoll, struct file *target, int fd, const struct linux_epoll_event *e);
int epoll_change(struct file *epoll, struct file *target, int fd,
                 const struct linux_epoll_event *e);
int epoll_remove(struct file *epoll, struct file *target, int fd);
/* Up to `most` events into program memory; the number, 0 at the deadline, -EINTR, -EFAULT. */
long epoll_collect(struct file *epoll, struct user_ptr events, u32 most, u64 deadline_ns);
