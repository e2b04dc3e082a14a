/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel's random generator (ChaCha20), seeded by the boot information and the CPU. */
#pragma once

#include "lib/types.h"

/* Mixes `seed` into the state: what was there before is not lost. */
void random_seed(const void *seed, size_t length);
void random_bytes(void *out, size_t n);
u64 random_u64(void);
