/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the freestanding string functions; the first four are called by the compiler itself.
 * Promises: word-wise loops where both sides allow it; no vector registers; no table.
 * See:      string(3)
 */
#define LIB_STRING_FUNCTIONS
#include "lib/string.h"

#include "lib/sanitizer.h"
#include "lib/undo.h"

/* gcc would turn the loops below into calls of the functions that they make up (clang knows from
 * -ffreestanding that it must not). */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* Any object may be read and written by words: string functions work on raw memory. */
typedef u64 __attribute__((may_alias, aligned(1))) loose_word;
#define WORD sizeof(u64)

UNDO_SAYS_ITSELF static void copy_forward(u8 *to, const u8 *from, size_t n)
{
    while (n >= 4 * WORD) {
        const loose_word *source = (const loose_word *)from;
        loose_word *target = (loose_word *)to;
        u64 a = source[0], b = source[1], c = source[2], d = source[3];
        target[0] = a;
        target[1] = b;
        target[2] = c;
        target[3] = d;
        to += 4 * WORD;
        from += 4 * WORD;
        n -= 4 * WORD;
    }
    for (; n >= WORD; n -= WORD, to += WORD, from += WORD)
        *(loose_word *)to = *(const loose_word *)from;
    for (; n; n--)
        *to++ = *from++;
}

UNDO_SAYS_ITSELF static void copy_backward(u8 *to, const u8 *from, size_t n)
{
    for (; n >= WORD; n -= WORD)
        *(loose_word *)(to + n - WORD) = *(const loose_word *)(from + n - WORD);
    for (; n; n--)
        to[n - 1] = from[n - 1];
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    undo_note(to, n);
    sanitizer_check(from, n, false);
    copy_forward(to, from, n);
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    undo_note(to, n);
    sanitizer_check(from, n, false);
    /* A forward copy that reads four words before it writes them is safe when `to` lies below. */
    if ((u64)to - (u64)from >= n)
        copy_forward(to, from, n);
    else
        copy_backward(to, from, n);
    return to;
}

UNDO_SAYS_ITSELF void *memset(void *to, int byte, size_t n)
{
    undo_note(to, n);
    u8 *p = to;
    u64 word = (u8)byte * 0x0101010101010101ull;
    for (; n >= 4 * WORD; n -= 4 * WORD, p += 4 * WORD) {
        loose_word *w = (loose_word *)p;
        w[0] = word;
        w[1] = word;
        w[2] = word;
        w[3] = word;
    }
    for (; n >= WORD; n -= WORD, p += WORD)
        *(loose_word *)p = word;
    for (; n; n--)
        *p++ = (u8)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const u8 *x = a, *y = b;
    while (n >= WORD && *(const loose_word *)x == *(const loose_word *)y) {
        x += WORD;
        y += WORD;
        n -= WORD;
    }
    for (; n; n--, x++, y++) {
        if (*x != *y)
            return *x - *y;
    }
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    for (const u8 *p = s; n; n--, p++) {
        if (*p == (u8)c)
            return (void *)(uintptr_t)p;
    }
    return NULL;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;
    while (n < max && s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++) {
        if (*a != *b || !*a)
            return (u8)*a - (u8)*b;
    }
    return 0;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)(uintptr_t)s;
        if (!*s)
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    const char *found = NULL;
    for (;; s++) {
        if (*s == (char)c)
            found = s;
        if (!*s)
            return (char *)(uintptr_t)found;
    }
}
