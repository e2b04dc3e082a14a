/* SPDX-License-Identifier: BSD-3-Clause */
/* See mq_open(3). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/mqueue.h"
#include "syscalls/path_argument.h"

long sys_mq_open(struct user_ptr name, int flags, u32 mode, struct user_ptr attributes)
{
    struct linux_mq_attr wanted;
    char text[PATH_MAX];
    struct file *f;
    bool given = !user_is_null(attributes);

    if (given && copy_from_program(&wanted, attributes, sizeof(wanted)))
        return -EFAULT;
    int error = fetch_path(text, name);
    if (!error)
        error = descriptor_room();
    if (!error)
        error = mqueue_open(text, (u32)flags, mode, given ? &wanted : NULL, &f);
    return error ? error : descriptor_install(f, 0, true);
}
