/* SPDX-License-Identifier: BSD-3-Clause */
/* See utime(2): utime, utimes. */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "syscalls/times_argument.h"

long sys_utime(struct user_ptr path, struct user_ptr times)
{
    struct linux_utimbuf seconds;
    struct timestamp both[2];

    if (user_is_null(times))
        return set_times(AT_FDCWD, path, NULL);
    if (copy_from_program(&seconds, times, sizeof(seconds)))
        return -EFAULT;
    both[0] = (struct timestamp){seconds.actime, 0};
    both[1] = (struct timestamp){seconds.modtime, 0};
    return set_times(AT_FDCWD, path, both);
}

long sys_utimes(struct user_ptr path, struct user_ptr times)
{
    return sys_futimesat(AT_FDCWD, path, times);
}
