/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests of the kernel's rooms on the host: small macros, and nothing of libc, so that a test
 * includes kernel headers alone.
 *
 *     TEST(list_is_empty_at_first) { struct list l; list_init(&l); CHECK(list_is_empty(&l)); }
 *
 * Each test runs in a child of its own: a crash or a sanitizer's report costs only that test.
 * The test file is linked with those kernel objects it needs (and theirs), on the stub platform;
 * a function that the test file defines itself takes the place of the kernel's.
 */
#pragma once

#include "lib/types.h"

typedef void harness_test_fn(void);
void harness_register(const char *name, harness_test_fn *run);
/* Ends the running test as failed. */
noreturn_fn void harness_fail(const char *file, int line, const char *format, ...) printf_like(3, 4);
/* A line on stderr. */
void harness_note(const char *format, ...) printf_like(1, 2);
/* Memory with guards of the address sanitizer around it; never fails. */
void *harness_alloc(size_t bytes);
void harness_free(void *memory);
/* The contents of a file of the checkout, in harness_alloc's memory. */
u8 *harness_read_file(const char *path, size_t *bytes);

#define TEST(name)                                                                                 \
    static void test_##name(void);                                                                 \
    __attribute__((constructor)) static void register_##name(void)                                 \
    {                                                                                              \
        harness_register(#name, test_##name);                                                      \
    }                                                                                              \
    static void test_##name(void)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            harness_fail(__FILE__, __LINE__, "not true: %s", #condition);                          \
    } while (0)

/* Both sides are integers; shown signed and in hex. */
#define CHECK_EQ(left, right)                                                                      \
    do {                                                                                           \
        u64 left_ = (u64)(left), right_ = (u64)(right);                                            \
        if (left_ != right_)                                                                       \
            harness_fail(__FILE__, __LINE__, "%s is %ld (%#lx), not %ld (%#lx)", #left,            \
                         (long)left_, left_, (long)right_, right_);                                \
    } while (0)

#define CHECK_STRING(left, right) harness_check_string(__FILE__, __LINE__, #left, left, right)
void harness_check_string(const char *file, int line, const char *what, const char *left,
                          const char *right);
