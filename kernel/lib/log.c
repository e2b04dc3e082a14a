/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the log's sink, the lines written before there was one, and the way to panic.
 * Promises: a line is given to the sink whole; early lines are kept up to EARLY_BYTES, and when
 *           they were more the log says so.
 * Locking:  none needed: the kernel is not preempted and interrupt handlers do not log.
 */
#include "lib/log.h"

#include "lib/printf.h"
#include "lib/string.h"

#define LINE_BYTES 512
#define EARLY_BYTES 4096

static log_sink_fn *log_sink;
static panic_hook_fn *panic_hook;
static char early[EARLY_BYTES];
static size_t early_length;
static unsigned early_lost; /* lines */

static void write_line(const char *text, size_t length)
{
    if (log_sink) {
        log_sink(text, length);
    } else if (early_length + length <= sizeof(early)) {
        memcpy(early + early_length, text, length);
        early_length += length;
    } else {
        early_lost++;
    }
}

void log_set_sink(log_sink_fn *sink)
{
    log_sink = sink;
    if (!sink || early_length == 0)
        return;
    sink(early, early_length);
    early_length = 0;
    if (early_lost)
        log_line("log: %u early lines lost", early_lost);
    early_lost = 0;
}

void log_line(const char *format, ...)
{
    char line[LINE_BYTES];
    va_list args;
    va_start(args, format);
    int n = format_text_va(line, sizeof(line), format, args);
    va_end(args);
    size_t length = (size_t)n < sizeof(line) - 1 ? (size_t)n : sizeof(line) - 1;
    if (length == sizeof(line) - 1)
        memcpy(line + length - 3, "...", 3);
    line[length] = '\n'; /* over the NUL: a sink is told the length */
    write_line(line, length + 1);
}

void panic_set_hook(panic_hook_fn *hook) { panic_hook = hook; }

void panic(const char *format, ...)
{
    static bool panicking;
    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    format_text_va(text, sizeof(text), format, args);
    va_end(args);
    if (!panic_hook || panicking)
        __builtin_trap();
    panicking = true;
    panic_hook(text);
}
