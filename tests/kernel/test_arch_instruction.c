/* SPDX-License-Identifier: BSD-3-Clause */
/* The length decoder, instruction by instruction; test_arch_privileged.py compares it with
 * capstone over whole programs. */
#include "arch/x86_64/instruction.h"
#include "harness.h"

struct known {
    u8 length;
    bool plausible, ends_block;
    u8 bytes[15];
};

static const struct known known[] = {
    {1, true, false, {0x90}},
    {1, true, true, {0xc3}},
    {1, true, true, {0xf4}},
    {2, true, false, {0x0f, 0x05}},                                     /* syscall */
    {4, true, false, {0xf3, 0x0f, 0x1e, 0xfa}},                         /* endbr64 */
    {3, true, false, {0x8b, 0x45, 0xf4}},                               /* mov -12(%rbp),%eax */
    {5, true, false, {0xb8, 0xf4, 0, 0, 0}},
    {10, true, false, {0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8}},            /* movabs */
    {4, true, false, {0x66, 0xb8, 0x34, 0x12}},
    {7, true, false, {0x48, 0x8d, 0x05, 1, 2, 3, 4}},                   /* lea rip */
    {8, true, false, {0x48, 0x8b, 0x04, 0x25, 1, 2, 3, 4}},             /* absolute */
    {8, true, false, {0x4a, 0x8d, 0x84, 0xa3, 1, 2, 3, 4}},             /* base, index, disp32 */
    {6, true, false, {0xf7, 0xc7, 1, 2, 3, 4}},                         /* test $,%edi */
    {2, true, false, {0xf7, 0xd8}},                                     /* neg */
    {2, true, true, {0xff, 0xe0}},                                      /* jmp *%rax */
    {2, true, false, {0xff, 0xd0}},                                     /* call *%rax */
    {5, true, false, {0xc5, 0xfa, 0x6f, 0x46, 0x10}},                   /* vmovdqu */
    {6, true, false, {0xc4, 0xe3, 0x7d, 0x39, 0xc1, 0x01}},             /* vextracti128 */
    {7, true, false, {0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x46, 0x10}},       /* vmovdqu64 zmm */
    {3, true, false, {0xc5, 0xf8, 0x77}},                               /* vzeroupper */
    {5, true, false, {0xf0, 0x0f, 0xb1, 0x57, 0x08}},                   /* lock cmpxchg */
    {9, true, false, {0x66, 0x0f, 0x1f, 0x84, 0, 0, 2, 0, 0}},          /* nopw */
    {9, true, false, {0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0}},    /* %fs:0x28 */
    {2, true, false, {0xf3, 0xa4}},                                     /* rep movsb */
    {1, false, false, {0xa4}},                                          /* movsb alone */
    {2, false, false, {0, 0}},                                          /* zeros */
    {1, false, false, {0x06}},
    {1, false, false, {0xfa}},                                          /* cli */
    {2, false, false, {0xcd, 0x80}},                                    /* int $0x80 */
    {3, false, false, {0x42, 0x08, 0x21}},                              /* REX.X, no index */
    {4, false, false, {0xf0, 0x8b, 0x45, 0x10}},                        /* lock mov */
};

TEST(lengths_and_kinds)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        struct instruction out = {0};
        CHECK(instruction_decode(known[i].bytes, sizeof(known[i].bytes), &out));
        CHECK_EQ(i << 8 | out.length, i << 8 | known[i].length);
        CHECK_EQ(i << 8 | out.plausible, i << 8 | known[i].plausible);
        CHECK_EQ(i << 8 | out.ends_block, i << 8 | known[i].ends_block);
    }
}

TEST(an_instruction_that_is_cut_off_is_none)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        for (size_t n = 0; n < known[i].length; n++) {
            u8 *exact = harness_alloc(n + 1); /* the sanitizer sees a read too far */
            struct instruction out;
            for (size_t k = 0; k < n; k++)
                exact[k + 1] = known[i].bytes[k];
            CHECK(!instruction_decode(exact + 1, n, &out));
            harness_free(exact);
        }
    }
}

TEST(any_bytes_end_within_bounds)
{
    u64 seed = 1;
    for (int round = 0; round < 200000; round++) {
        u8 bytes[16];
        struct instruction out;
        for (size_t k = 0; k < sizeof(bytes); k++) {
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            bytes[k] = (u8)(seed >> 56);
        }
        size_t n = (size_t)(seed >> 40 & 15);
        if (instruction_decode(bytes, n, &out))
            CHECK(out.length >= 1 && out.length <= n);
    }
}
