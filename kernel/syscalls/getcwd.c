/* SPDX-License-Identifier: BSD-3-Clause */
/* See getcwd(2): the call counts the NUL. */
#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "files/names.h"

long sys_getcwd(struct user_ptr buf, u64 size)
{
    char text[PATH_MAX];

    long length = context_cwd(text, sizeof(text));
    if (length < 0)
        return length;
    if ((u64)length + 1 > size)
        return -ERANGE;
    int error = copy_to_program(buf, text, (size_t)length + 1);
    return error ? error : length + 1;
}
