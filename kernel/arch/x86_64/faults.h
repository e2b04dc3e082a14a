/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: from exception to struct fault, for both platforms. faults.c */
#pragma once

#include "arch/upcalls.h"

/* Fills kind, access, signal_code, trap_number, error_code for an exception vector as the CPU
 * gives it. cr2 counts for page faults. The floating-point units still hold the exception. */
void fault_from_exception(struct fault *out, u64 vector, u64 error_code, u64 cr2);
