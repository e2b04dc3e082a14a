/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one place where all doors meet: looks up the row, traces, calls the handler, returns.
 */
#pragma once

#include "arch/upcalls.h"

/* trace.c; counts by call number when ELFIN_FLAG_COUNT is set, absent and ignored rows always. */
void shim_start(u64 flags);
void shim_report(void);          /* at exit: control records for counts and absent calls */
/* The last calls before a panic, newest first, as text lines; the length written. */
size_t shim_recent_calls(char *out, size_t size);
