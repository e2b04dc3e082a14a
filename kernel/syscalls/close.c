/* SPDX-License-Identifier: BSD-3-Clause */
/* See close(2). */
#include "abi_handlers.h"
#include "files/file.h"

long sys_close(int fd)
{
    return descriptor_close(fd);
}
