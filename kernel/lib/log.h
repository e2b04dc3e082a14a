/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel's log and its last words. The log is a channel of its own, never the program's
 * streams. Before a sink is set, lines are kept in a small buffer and given to the sink later.
 */
#pragma once

#include "lib/types.h"

typedef void log_sink_fn(const char *text, size_t length);
void log_set_sink(log_sink_fn *sink);

/* One line, newline added. */
void log_line(const char *format, ...) printf_like(1, 2);

/* Ends the machine with status 125: text, registers, backtrace. `panic_hook` is set by boot. */
noreturn_fn void panic(const char *format, ...) printf_like(1, 2);
typedef noreturn_fn void panic_hook_fn(const char *text);
void panic_set_hook(panic_hook_fn *hook);

#define assert_always(condition)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            panic("assertion failed: %s at %s:%d", #condition, __FILE__, __LINE__);                \
    } while (0)
