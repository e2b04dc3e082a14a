/* SPDX-License-Identifier: BSD-3-Clause */
/* See execveat(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/names.h"
#include "lib/printf.h"
#include "load/load.h"
#include "syscalls/path_argument.h"

/* What Linux calls a program that is named relative to a descriptor. */
static void name_by_descriptor(char out[static PATH_MAX + 32], int fd, const char *path)
{
    if (*path)
        format_text(out, PATH_MAX + 32, "/dev/fd/%d/%s", fd, path);
    else
        format_text(out, PATH_MAX + 32, "/dev/fd/%d", fd);
}

long sys_execveat(struct trap_frame *frame, int dirfd, struct user_ptr path, struct user_ptr argv,
                  struct user_ptr envp, int flags)
{
    struct load_request request = {0};
    char text[PATH_MAX], shown[PATH_MAX + 32];
    if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -EINVAL;
    int error = fetch_path(text, path);
    if (!error)
        error = file_open_program(dirfd, text, (u32)flags, &request.file);
    if (error)
        return error;
    request.path = text;
    if (dirfd != AT_FDCWD && text[0] != '/') {
        name_by_descriptor(shown, dirfd, text);
        request.path = shown;
        request.path_will_close = descriptor_flags(dirfd) > 0;
    }
    long result = load_from_program(frame, &request, argv, envp);
    file_drop(request.file);
    return result;
}
