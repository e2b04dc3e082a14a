/* SPDX-License-Identifier: BSD-3-Clause */
/* Path arguments: fetched whole into a buffer on the kernel stack. */
#pragma once

#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "memory/user_memory.h"

/* 0, -EFAULT, -ENAMETOOLONG. "" is left to the walk. */
static inline int fetch_path(char text[static PATH_MAX], struct user_ptr from)
{
    long length = copy_string_from_program(text, from, PATH_MAX);
    return length < 0 ? (int)length : 0;
}
