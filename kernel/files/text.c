/* SPDX-License-Identifier: BSD-3-Clause */
/* Text that grows. */
#include "files/text.h"

#include "lib/string.h"
#include "memory/page.h"

#define FIRST_BYTES 512

char *text_reserve(struct text *t, size_t n)
{
    size_t capacity = t->capacity ? t->capacity : FIRST_BYTES;
    if (t->failed)
        return NULL;
    while (capacity - t->length < n)
        capacity *= 2;
    if (capacity != t->capacity) {
        char *bytes = heap_resize(t->bytes, capacity);
        if (!bytes) {
            t->failed = true;
            return NULL;
        }
        t->bytes = bytes;
        t->capacity = capacity;
    }
    return t->bytes + t->length;
}

void text_add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = format_text_va(NULL, 0, format, args);
    va_end(args);
    char *to = text_reserve(t, (size_t)n + 1);
    if (!to)
        return;
    va_start(args, format);
    format_text_va(to, (size_t)n + 1, format, args);
    va_end(args);
    t->length += (size_t)n;
}

void text_add_bytes(struct text *t, const void *bytes, size_t n)
{
    char *to = n ? text_reserve(t, n) : NULL;
    if (!to)
        return;
    memcpy(to, bytes, n);
    t->length += n;
}

void text_release(struct text *t)
{
    heap_free(t->bytes);
    *t = (struct text){0};
}
