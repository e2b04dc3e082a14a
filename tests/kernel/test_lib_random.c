/* SPDX-License-Identifier: BSD-3-Clause */
#include "harness.h"
#include "lib/random.h"
#include "lib/string.h"

TEST(requests_differ_and_follow_from_the_seed)
{
    u8 first[100], second[100], again[100];
    random_seed("seed", 4);
    random_bytes(first, sizeof(first));
    random_bytes(second, sizeof(second));
    CHECK(memcmp(first, second, sizeof(first)) != 0);
    random_seed("seed", 4);
    random_bytes(again, sizeof(again));
    CHECK(memcmp(first, again, sizeof(first)) != 0); /* seeds are mixed in, never a reset */
}

TEST(bits_are_even)
{
    u64 ones = 0;
    for (unsigned i = 0; i < 4096; i++)
        ones += (u64)__builtin_popcountll(random_u64());
    CHECK(ones > 4096 * 32 - 2000 && ones < 4096 * 32 + 2000);
}

/* Before any seed the key is zero, and the first request gives bytes 32.. of block 0 of ChaCha20
 * under the zero key and nonce (RFC 8439 A.1, test vector 1). */
TEST(first_bytes_are_chacha20)
{
    static const u8 expected[8] = {0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d};
    u8 got[8];
    random_bytes(got, sizeof(got));
    CHECK_EQ(memcmp(got, expected, sizeof(got)), 0);
}
