/* SPDX-License-Identifier: BSD-3-Clause */
/* Nothing ever happens to the stub machine: the deadline is the only thing to wait for. */
#include "platform/platform.h"

void platform_idle(unused_arg u64 deadline_ns) { arch_pause(); }
