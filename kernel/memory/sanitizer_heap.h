/* SPDX-License-Identifier: BSD-3-Clause */
/* With CONFIG_SANITIZE heap.c, which says SANITIZER_WRAPPED, serves sanitizer_heap.c under these
 * names. */
#pragma once

#include "lib/types.h"

#ifdef CONFIG_SANITIZE

extern u32 sanitizer_fail_one_in; /* allocations; 0: none */
bool sanitizer_fails(void);       /* the one that is being made */

#ifdef SANITIZER_WRAPPED
#define heap_alloc plain_alloc
#define heap_alloc_zeroed plain_alloc_zeroed
#define heap_resize plain_resize
#define heap_free plain_free
#define heap_copy_string plain_copy_string
#endif
void *plain_alloc(size_t size);
void *plain_alloc_zeroed(size_t size);
void *plain_resize(void *old, size_t size);
void plain_free(void *p);
char *plain_copy_string(const char *s);
#else
static inline bool sanitizer_fails(void) { return false; }
#endif
