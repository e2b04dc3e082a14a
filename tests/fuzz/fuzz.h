/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fuzz target: one function that gives bytes to kernel code and checks what it promises. Compiled
 * like the kernel; host.c is the half that speaks to libc.
 */
#pragma once

#include "lib/types.h"

/* The target. data lies in memory of exactly `size` bytes: a read beyond it is reported. */
void fuzz_one(const u8 *data, size_t size);

/* Called when a promise is broken; ends the process. */
noreturn_fn void fuzz_fail(const char *promise);
#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_fail(#condition);                                                                 \
    } while (0)

/* Guarded memory, counted. */
void *fuzz_alloc(size_t bytes);
void fuzz_free(void *memory);
extern long fuzz_allocations; /* not yet freed */
