/* SPDX-License-Identifier: BSD-3-Clause */
/* See flock(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/file.h"
#include "files/lock.h"

long sys_flock(int fd, int operation)
{
    int what = operation & ~LOCK_NB;
    struct lock_request r = {
        .kind = LOCK_KIND_FLOCK, .exclusive = what == LOCK_EX, .waits = !(operation & LOCK_NB),
        .end = UINT64_MAX,
    };

    if (what != LOCK_SH && what != LOCK_EX && what != LOCK_UN)
        return -EINVAL;
    struct file *f = descriptor_file(fd);
    if (!f)
        return -EBADF;
    int result;
    if (f->flags & O_PATH)
        result = -EBADF;
    else
        result = what == LOCK_UN ? lock_release(f, &r) : lock_acquire(f, &r);
    file_drop(f);
    return result;
}
