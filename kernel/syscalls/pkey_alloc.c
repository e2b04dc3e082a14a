/* SPDX-License-Identifier: BSD-3-Clause */
/* See pkeys(7). Program pages are supervisor pages on vm: protection keys would not protect. The
 * answers are those of a CPU without them. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"

#define PKEY_ACCESS_MASK 3u /* PKEY_DISABLE_ACCESS | PKEY_DISABLE_WRITE */

long sys_pkey_alloc(u32 flags, u32 access_rights)
{
    return flags || access_rights & ~PKEY_ACCESS_MASK ? -EINVAL : -ENOSPC;
}

long sys_pkey_free(unused_arg int pkey) { return -EINVAL; }
