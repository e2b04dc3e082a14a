/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside shim/: the tracer. Nothing here is called unless somebody watches. */
#pragma once

#include "abi/dispatch.h"
#include "abi/trace.h"
#include "shim/shim.h"

struct trap_frame;

/* --- trace.c: records to the SDK (ELFIN_EVENT_TRACE_*) --- */
void trace_start(const struct shim_request *request);
bool trace_wants(u64 number);
void trace_entry(const struct syscall_row *row, u64 number, const struct trap_frame *frame);
void trace_return(const struct syscall_row *row, u64 number, const struct trap_frame *frame,
                  long result, u64 took_ns);
void trace_flush(void);
/* A piece of the program's memory, as much of it as can be read; the bytes that were read. */
size_t trace_send_memory(u64 address, u64 length);

/* --- trace_capture.c: which pieces belong to a call --- */
void trace_capture(const struct syscall_row *row, u64 number, const struct trap_frame *frame,
                   enum trace_direction when, long result);
