/* SPDX-License-Identifier: BSD-3-Clause */
/* What a call number beyond the table does: nothing, except in kernels that sanitizers watch. */
#pragma once

#include "abi/linux/errno.h"
#include "lib/types.h"

#define SANITIZER_PROOF 0x5a0000
#define SANITIZER_FAIL 0x5b0000 /* and n: from now on one in n allocations fails; 0: none */

#ifdef CONFIG_SANITIZE
long sanitizer_prove(u64 number);
#else
static inline long sanitizer_prove(unused_arg u64 number) { return -ENOSYS; }
#endif
