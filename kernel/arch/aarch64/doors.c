/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: the direct doors, of which this CPU has none yet: every call traps. */
#include "arch/arch.h"

u64 arch_door_address(void) { return 0; }
bool arch_door_settle(unused_arg struct trap_frame *frame) { return false; }
