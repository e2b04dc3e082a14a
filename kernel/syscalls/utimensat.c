/* SPDX-License-Identifier: BSD-3-Clause */
/* See utimensat(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/stat.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

static bool is_special(s64 nanoseconds)
{
    return nanoseconds == UTIME_NOW || nanoseconds == UTIME_OMIT;
}

static int fetch(struct timestamp both[2], struct user_ptr times)
{
    struct linux_timespec in[2];
    if (copy_from_program(in, times, sizeof(in)))
        return -EFAULT;
    for (unsigned n = 0; n < 2; n++) {
        s64 ns = in[n].tv_nsec;
        if (!is_special(ns) && (ns < 0 || ns >= (s64)NSEC_PER_SEC))
            return -EINVAL;
        both[n] = (struct timestamp){in[n].tv_sec, (u32)ns};
    }
    return 0;
}

long sys_utimensat(int dirfd, struct user_ptr path, struct user_ptr times, int flags)
{
    struct timestamp both[2];
    char text[PATH_MAX];

    int error = user_is_null(times) ? 0 : fetch(both, times);
    const struct timestamp *wanted = user_is_null(times) ? NULL : both;
    if (error)
        return error;
    if (wanted && both[0].nanoseconds == UTIME_OMIT && both[1].nanoseconds == UTIME_OMIT)
        return 0;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (user_is_null(path) && dirfd != AT_FDCWD)
        return flags ? -EINVAL : name_change_times(dirfd, NULL, wanted, 0);
    error = fetch_path(text, path);
    return error ? error : name_change_times(dirfd, text, wanted, (u32)flags);
}
