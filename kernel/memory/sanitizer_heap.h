/* SPDX-License-Identifier: BSD-3-Clause */
/* For heap.c only: with CONFIG_SANITIZE it serves sanitizer_heap.c, under these names. */
#pragma once

#ifdef CONFIG_SANITIZE
#include "lib/types.h"

#define heap_alloc plain_alloc
#define heap_alloc_zeroed plain_alloc_zeroed
#define heap_resize plain_resize
#define heap_free plain_free
#define heap_copy_string plain_copy_string
void *plain_alloc(size_t size);
void *plain_alloc_zeroed(size_t size);
void *plain_resize(void *old, size_t size);
void plain_free(void *p);
char *plain_copy_string(const char *s);
#endif
