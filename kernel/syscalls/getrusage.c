/* SPDX-License-Identifier: BSD-3-Clause */
/* See getrusage(2). */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi_handlers.h"
#include "task/usage.h"

long sys_getrusage(int who, struct user_ptr usage)
{
    struct linux_rusage out;

    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
        return -EINVAL;
    usage_read(who, &out);
    return copy_to_program(usage, &out, sizeof(out));
}
