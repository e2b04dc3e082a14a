/* SPDX-License-Identifier: BSD-3-Clause */
/* See umask(2). */
#include "abi_handlers.h"
#include "files/names.h"

long sys_umask(u32 mask)
{
    return context_set_umask(mask);
}
