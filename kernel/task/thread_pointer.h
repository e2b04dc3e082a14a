/* SPDX-License-Identifier: BSD-3-Clause */
/* The current thread's segment bases (arch_prctl). -EPERM for addresses outside program space. */
#pragma once

#include "lib/types.h"

u64 thread_pointer_get(void);
int thread_pointer_set(u64 address);
u64 thread_gs_get(void);
int thread_gs_set(u64 address);
