/* SPDX-License-Identifier: BSD-3-Clause */
/* See open(2): open, openat, creat. */
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "syscalls/path_argument.h"

static long open_at(int directory, struct user_ptr path, u32 flags, u32 mode)
{
    struct open_request request = {.flags = flags, .mode = mode};
    char text[PATH_MAX];
    struct file *f;

    int error = open_check(&request, false);
    if (!error)
        error = fetch_path(text, path);
    if (!error)
        error = descriptor_room();
    if (!error)
        error = name_open(directory, text, &request, &f);
    return error ? error : descriptor_install(f, 0, flags & O_CLOEXEC);
}

long sys_open(struct user_ptr path, int flags, u32 mode)
{
    return open_at(AT_FDCWD, path, (u32)flags, mode);
}

long sys_openat(int dirfd, struct user_ptr path, int flags, u32 mode)
{
    return open_at(dirfd, path, (u32)flags, mode);
}

long sys_creat(struct user_ptr path, u32 mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
