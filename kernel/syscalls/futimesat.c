/* SPDX-License-Identifier: BSD-3-Clause */
/* See futimesat(2). */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "syscalls/times_argument.h"

long sys_futimesat(int dirfd, struct user_ptr path, struct user_ptr times)
{
    struct linux_timeval in[2];
    struct timestamp both[2];

    if (!user_is_null(times) && copy_from_program(in, times, sizeof(in)))
        return -EFAULT;
    for (unsigned n = 0; !user_is_null(times) && n < 2; n++) {
        if (in[n].tv_usec < 0 || in[n].tv_usec >= 1000000)
            return -EINVAL;
        both[n] = (struct timestamp){in[n].tv_sec, (u32)in[n].tv_usec * 1000};
    }
    const struct timestamp *wanted = user_is_null(times) ? NULL : both;
    if (user_is_null(path))
        return name_change_times(dirfd, NULL, wanted, 0);
    return set_times(dirfd, path, wanted);
}
