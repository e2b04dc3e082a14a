/* SPDX-License-Identifier: BSD-3-Clause */
/* See inotify_rm_watch(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/inotify.h"

long sys_inotify_rm_watch(int fd, int watch)
{
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    int error = file_is_inotify(f) ? inotify_unwatch(f, watch) : -EINVAL;
    file_drop(f);
    return error;
}
