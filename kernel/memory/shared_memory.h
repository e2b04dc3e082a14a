/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that mappings share and no file names. */
#pragma once

#include "memory/backing.h"

/* Holds `size` bytes, rounded up to pages; one reference, for the caller to drop. NULL: no memory. */
struct backing *shared_memory_create(u64 size);
void shared_memory_resize(struct backing *b, u64 size);
