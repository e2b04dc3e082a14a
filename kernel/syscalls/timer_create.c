/* SPDX-License-Identifier: BSD-3-Clause */
/* See timer_create(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/posix_timer.h"

long sys_timer_create(int clock, struct user_ptr event, struct user_ptr timer)
{
    bool given = !user_is_null(event);
    struct linux_sigevent wanted;
    struct posix_timer *t;

    if (given && copy_from_program(&wanted, event, sizeof(wanted)))
        return -EFAULT;
    int error = posix_timer_create(clock, given ? &wanted : NULL, &t);
    if (error)
        return error;
    error = write_program_u32(timer, (u32)posix_timer_id(t));
    if (error)
        posix_timer_delete(t);
    return error;
}
