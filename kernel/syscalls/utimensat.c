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

static bool is_good(s64 nanoseconds)
{
    return is_special(nanoseconds) || (nanoseconds >= 0 && nanoseconds < (s64)NSEC_PER_SEC);
}

/* *good is false when nanoseconds are out of range. That is told last, behind all that is wrong
 * with the file. */
static int fetch(struct timestamp both[2], struct user_ptr times, bool *good)
{
    struct linux_timespec in[2];
    if (copy_from_program(in, times, sizeof(in)))
        return -EFAULT;
    *good = is_good(in[0].tv_nsec) && is_good(in[1].tv_nsec);
    for (unsigned n = 0; n < 2; n++)
        both[n] = (struct timestamp){in[n].tv_sec, (u32)in[n].tv_nsec};
    return 0;
}

static long change(int dirfd, struct user_ptr path, const struct timestamp *wanted, int flags,
                   bool good)
{
    char text[PATH_MAX];

    if (user_is_null(path) && dirfd != AT_FDCWD) {
        struct file *f = descriptor_file(dirfd);
        file_drop(f);
        if (flags || (f && !good))
            return -EINVAL;
        return name_change_times(dirfd, NULL, wanted, 0);
    }
    int error = fetch_path(text, path);
    if (!error && !good)
        error = name_exists(dirfd, text, (u32)flags);
    if (error || !good)
        return error ? error : -EINVAL;
    return name_change_times(dirfd, text, wanted, (u32)flags);
}

long sys_utimensat(int dirfd, struct user_ptr path, struct user_ptr times, int flags)
{
    struct timestamp both[2];
    bool good = true;

    int error = user_is_null(times) ? 0 : fetch(both, times, &good);
    const struct timestamp *wanted = user_is_null(times) ? NULL : both;
    if (error)
        return error;
    if (wanted && good && both[0].nanoseconds == UTIME_OMIT && both[1].nanoseconds == UTIME_OMIT)
        return 0;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change(dirfd, path, wanted, flags, good);
}
