/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that grows: what procfs and sysfs files show. */
#pragma once

#include "lib/printf.h"
#include "lib/types.h"

struct text {
    char *bytes;                 /* of the heap */
    size_t length, capacity;
    bool failed;                 /* out of memory: the text is not whole */
};

void text_add(struct text *t, const char *format, ...) printf_like(2, 3);
void text_add_bytes(struct text *t, const void *bytes, size_t n);
/* Room for n more bytes at bytes + length, or NULL. */
char *text_reserve(struct text *t, size_t n);
void text_release(struct text *t);
