/* SPDX-License-Identifier: BSD-3-Clause */
/* See inotify_add_watch(2). */
#include "abi/linux/errno.h"
#include "abi/linux/inotify.h"
#include "abi_handlers.h"
#include "files/inotify.h"
#include "syscalls/path_argument.h"

#define FLAGS                                                                                      \
    (IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR |      \
     IN_ONESHOT)
#define KNOWN (LINUX_IN_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | FLAGS)

static long add(struct file *f, struct user_ptr path, u32 mask)
{
    char text[PATH_MAX];
    if ((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE))
        return -EINVAL;
    if (!file_is_inotify(f))
        return -EINVAL;
    int error = fetch_path(text, path);
    return error ? error : inotify_watch_path(f, text, mask);
}

long sys_inotify_add_watch(int fd, struct user_ptr path, u32 mask)
{
    if (!(mask & KNOWN))
        return -EINVAL;
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    long result = add(f, path, mask);
    file_drop(f);
    return result;
}
