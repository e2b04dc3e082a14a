/* SPDX-License-Identifier: BSD-3-Clause */
/* For guest tests: programs that print what failed and exit 1, or exit 0. They pass on Linux
 * first, then on each platform. */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int check_failures __attribute__((unused));

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);               \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

/* The call fails with this errno. */
#define CHECK_ERRNO(call, expected)                                                                \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long result_ = (long)(call);                                                               \
        if (result_ != -1 || errno != (expected)) {                                                \
            printf("%s:%d: %s = %ld, errno %d, not %s\n", __FILE__, __LINE__, #call, result_,      \
                   errno, #expected);                                                              \
            check_failures++;                                                                      \
        }                                                                                          \
    } while (0)

#define CHECK_DONE() return check_failures ? 1 : 0
#define BAD_POINTER ((void *)16)
