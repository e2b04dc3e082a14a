/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside boot/: how the machine ends. */
#pragma once

#include "lib/types.h"

#define EXIT_PANIC 125

void end_start(void);
/* Without a program's status: what was written leaves the machine, then the power goes off. */
noreturn_fn void end_with(int status);
