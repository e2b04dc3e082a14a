/* SPDX-License-Identifier: BSD-3-Clause */
/* See setsid(2). */
#include "abi_handlers.h"
#include "task/group.h"

long sys_setsid(void) { return session_start(); }
