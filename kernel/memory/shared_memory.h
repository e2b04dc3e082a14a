/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that mappings share and no file names. */
#pragma once

#include "memory/backing.h"

/* Holds `size` bytes, rounded up to pages; one reference, for the caller to drop. NULL: no memory. */
struct backing *shared_memory_create(u64 size);
void shared_memory_resize(struct backing *b, u64 size);
/* Stands for /dev/zero, which has no size: a private mapping of it is anonymous memory, a shared one
 * memory of its own. mmap puts the real thing in its place; it is never mapped itself. */
struct backing *zero_memory(void);
