/* SPDX-License-Identifier: BSD-3-Clause */
/* See vhangup(2). */
#include "abi_handlers.h"
#include "files/file.h"

long sys_vhangup(void)
{
    return files_hang_up_terminal();
}
