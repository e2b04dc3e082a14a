/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What tells sanitizers about memory. A kernel with CONFIG_SANITIZE (configs/sanitized.config) has
 * the compiler announce every load and store, and says here which bytes may not be touched; all
 * other kernels pay nothing. See sanitizer.c.
 */
#pragma once

#include "lib/types.h"

/* Why bytes may not be touched: what a report says. */
enum sanitizer_mark {
    SANITIZER_OPEN = 0,
    SANITIZER_BESIDE_OBJECT = 0xfa,
    SANITIZER_FREED_OBJECT = 0xfd,
    SANITIZER_FREED_PAGE = 0xfe,
};

#ifdef CONFIG_SANITIZE
/* From now on [start, start + bytes) is watched; `shadow` holds bytes / 8 zeros. */
void sanitizer_watch(u64 start, u64 bytes, u64 shadow);
/* p is aligned to 8 bytes. What lies beyond n in the last 8 bytes keeps out of bounds. */
void sanitizer_mark(const void *p, size_t n, enum sanitizer_mark mark);
void sanitizer_check(const void *p, size_t n, bool write);
void sanitizer_stack_unwound(void); /* of the running stack no frame will be left in order */
#define UNSANITIZED __attribute__((no_sanitize("kernel-address", "undefined")))
#else
static inline void sanitizer_mark(unused_arg const void *p, unused_arg size_t n,
                                  unused_arg enum sanitizer_mark mark) {}
static inline void sanitizer_check(unused_arg const void *p, unused_arg size_t n,
                                   unused_arg bool write) {}
static inline void sanitizer_stack_unwound(void) {}
#define UNSANITIZED
#endif
