/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"
#include "lib/printf.h"

static char out[128];

#define CHECK_FORMAT(expected, ...)                                                                \
    do {                                                                                           \
        format_text(out, sizeof(out), __VA_ARGS__);                                                \
        CHECK_STRING(out, expected);                                                               \
    } while (0)

TEST(numbers)
{
    CHECK_FORMAT("-5 5 +5  5", "%d %d %+d % d", -5, 5, 5, 5);
    CHECK_FORMAT("0x1f 1F 017 0", "%#x %X %#o %#x", 31, 31, 15, 0);
    CHECK_FORMAT("  42|42  |0042|042", "%4d|%-4d|%04d|%.3d", 42, 42, 42, 42);
    CHECK_FORMAT("-9223372036854775808", "%ld", INT64_MIN);
    CHECK_FORMAT("18446744073709551615 ff", "%lu %hhx", UINT64_MAX, 0x1ff);
    CHECK_FORMAT("[]", "[%.0d]", 0);
    CHECK_FORMAT("-0042", "%05d", -42);
    CHECK_FORMAT("0xdead", "%p", (void *)0xdead);
    CHECK_FORMAT("7", "%zu", (size_t)7);
}

TEST(strings)
{
    CHECK_FORMAT("ab|  ab|ab  |a", "%s|%4s|%-4s|%.1s", "ab", "ab", "ab", "ab");
    CHECK_FORMAT("x%(null)", "%c%%%s", 'x', (char *)NULL);
    CHECK_FORMAT("   ab|ab   ", "%*s|%-*s", 5, "ab", 5, "ab");
    CHECK_FORMAT("a", "%.*s", 1, "ab");
}

TEST(a_short_buffer_is_never_overrun)
{
    char *small = harness_alloc(4);
    CHECK_EQ(format_text(small, 4, "%d", 123456), 6);
    CHECK_STRING(small, "123");
    CHECK_EQ(format_text(NULL, 0, "abc"), 3);
    harness_free(small);
}
