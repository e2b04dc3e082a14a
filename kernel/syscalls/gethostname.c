/* SPDX-License-Identifier: BSD-3-Clause */
/* See gethostname(2); the getters are libc's, over uname(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/credentials.h"
#include "task/uts.h"

long sys_sethostname(struct user_ptr name, size_t length)
{
    char copy[UTS_NAME_MAX];

    if (!credentials_privileged())
        return -EPERM;
    if ((s64)length < 0 || length > sizeof(copy))
        return -EINVAL;
    if (copy_from_program(copy, name, length))
        return -EFAULT;
    uts_set_hostname(copy, length);
    return 0;
}
