/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside shim/: calls while somebody watches (results counted, timed, traced). */
#pragma once

#include "abi/dispatch.h"
#include "shim/shim.h"

struct trap_frame;

/* Does what the request's flags ask for from now on. */
void observe_start(const struct shim_request *request);
void observe_report(void);
/* A call between its two looks; both only when call_watched. */
u64 observe_entry(const struct syscall_row *row, u64 number, const struct trap_frame *frame);
void observe_return(const struct syscall_row *row, u64 number, const struct trap_frame *frame,
                    long result, u64 entered_ns);
