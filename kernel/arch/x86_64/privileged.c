/* SPDX-License-Identifier: BSD-3-Clause */
#include "arch/arch.h"

size_t arch_patch_privileged(unused_arg u8 *text, unused_arg size_t length)
{
    return 0;
}
