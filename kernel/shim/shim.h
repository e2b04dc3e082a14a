/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one place where all doors meet: looks up the row, traces, calls the handler, returns.
 */
#pragma once

#include "arch/upcalls.h"

/* What the SDK asked for. */
struct shim_request {
    u64 flags;                   /* ELFIN_FLAG_*: COUNT RESULTS TIME TRACE */
    const u32 *only;             /* TRACE: numbers of the calls to trace */
    size_t only_count;           /* 0: all */
    void (*send_event)(u32 type, const void *payload, u32 length);
    void (*send_records)(const void *records, size_t length); /* whole control records */
};

void shim_start(const struct shim_request *request);
void shim_report(void);          /* at exit: control records for counts and absent calls */
/* The last calls before a panic, newest first, as text lines; the length written. */
size_t shim_recent_calls(char *out, size_t size);
