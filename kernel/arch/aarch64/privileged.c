/* SPDX-License-Identifier: BSD-3-Clause */
#include "arch/arch.h"

/* EL1 traps what a program must not do at EL0 differently, but nothing that programs use to stop
 * themselves (brk, udf) depends on the level. */
size_t arch_patch_privileged(unused_arg u8 *text, unused_arg size_t length)
{
    return 0;
}
