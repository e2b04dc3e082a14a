/* SPDX-License-Identifier: BSD-3-Clause */
/* The host's vDSO, read as the ELF file that it is. */
#pragma once

#include "lib/types.h"

/* The address of a function, or 0. `image` is the vDSO's first byte. */
u64 vdso_find(u64 image, const char *name);
