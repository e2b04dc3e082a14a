/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors that stand for a process. */
#pragma once

#include "abi/linux/errno.h"
#include "files/pidfd.h"

/* *file is held: the process lives until it is dropped. 0 or -EBADF. */
static inline int pidfd_argument(int fd, struct file **file, struct process **p)
{
    *file = descriptor_file(fd);
    *p = *file ? pidfd_process(*file) : NULL;
    if (*p)
        return 0;
    if (*file)
        file_drop(*file);
    return -EBADF;
}
