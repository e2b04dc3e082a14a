/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"
#include "lib/string.h"

TEST(copy_and_compare)
{
    u8 *from = harness_alloc(100), *to = harness_alloc(100);
    for (size_t i = 0; i < 100; i++)
        from[i] = (u8)i;
    memcpy(to, from, 100);
    CHECK_EQ(memcmp(to, from, 100), 0);
    to[99] = 0;
    CHECK(memcmp(to, from, 100) < 0);
    memset(to, 7, 100);
    CHECK_EQ(to[0], 7);
    CHECK_EQ(to[99], 7);
    harness_free(from);
    harness_free(to);
}

TEST(overlapping_move_keeps_the_bytes)
{
    char text[] = "0123456789";
    memmove(text + 2, text, 8);
    CHECK_STRING(text, "0101234567");
    memmove(text, text + 2, 8);
    CHECK_STRING(text, "0123456767");
}
