/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one place where all doors meet: looks up the row, traces, calls the handler, returns.
 */
#pragma once

#include "arch/upcalls.h"

/* record.c: flags are ELFIN_FLAG_* (COUNT: every call in the report); events go through `send`. */
void shim_start(u64 flags, void (*send)(u32 type, const void *payload, u32 length));
void shim_report(void);          /* at exit: control records for counts and absent calls */
/* The last calls before a panic, newest first, as text lines; the length written. */
size_t shim_recent_calls(char *out, size_t size);
