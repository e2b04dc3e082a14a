/* SPDX-License-Identifier: BSD-3-Clause */
/* See execve(2). */
#include "abi_handlers.h"
#include "load/load.h"
#include "syscalls/path_argument.h"

long sys_execve(struct trap_frame *frame, struct user_ptr path, struct user_ptr argv,
                struct user_ptr envp)
{
    struct load_request request = {0};
    char text[PATH_MAX];
    int error = fetch_path(text, path);
    if (error)
        return error;
    request.path = text;
    return load_from_program(frame, &request, argv, envp);
}
