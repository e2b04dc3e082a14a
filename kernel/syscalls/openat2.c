/* SPDX-License-Identifier: BSD-3-Clause */
/* See openat2(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

/* The structure may be larger than the one we know, if what is beyond is zero. */
static int fetch_how(struct linux_open_how *how, struct user_ptr from, u64 size)
{
    if (size < LINUX_OPEN_HOW_SIZE_VER0)
        return -EINVAL;
    if (size > 4096)
        return -E2BIG;
    for (u64 at = sizeof(*how); at < size; at++) {
        u8 byte;
        if (copy_from_program(&byte, user_at(from, at), 1))
            return -EFAULT;
        if (byte)
            return -E2BIG;
    }
    return copy_from_program(how, from, sizeof(*how));
}

long sys_openat2(int dirfd, struct user_ptr path, struct user_ptr how, u64 size)
{
    struct linux_open_how wanted;
    char text[PATH_MAX];
    struct file *f;

    int error = fetch_how(&wanted, how, size);
    if (error)
        return error;
    if (wanted.flags > UINT32_MAX || wanted.mode > UINT32_MAX || wanted.resolve > UINT32_MAX)
        return -EINVAL;
    struct open_request request = {
        .flags = (u32)wanted.flags, .mode = (u32)wanted.mode, .resolve = (u32)wanted.resolve,
    };
    error = open_check(&request, true);
    if (!error)
        error = fetch_path(text, path);
    if (!error)
        error = descriptor_room();
    if (!error)
        error = name_open(dirfd, text, &request, &f);
    return error ? error : descriptor_install(f, 0, wanted.flags & O_CLOEXEC);
}
