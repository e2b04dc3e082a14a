/* SPDX-License-Identifier: BSD-3-Clause */
/* See mq_unlink(3). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/mqueue.h"
#include "syscalls/path_argument.h"

long sys_mq_unlink(struct user_ptr name)
{
    char text[PATH_MAX];
    int error = fetch_path(text, name);

    return error ? error : mqueue_unlink(text);
}
