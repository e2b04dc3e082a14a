/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes that can be taken back. Where the host may kill the process that runs the kernel (platform
 * process), the compiler is told to announce every store (UNDO_STORES; decision 0302), so that what
 * kernel code did since its last checkpoint can be undone. It cannot see the stores of assembly and
 * of the functions that move bytes: those say themselves what they are about to overwrite.
 */
#pragma once

#include "lib/types.h"

#ifdef UNDO_STORES
void undo_note(const void *p, size_t n);   /* [p, p+n) is about to be written */
void undo_note_pages_freed(void);          /* pages may get new owners before the checkpoint */
#define UNDO_SAYS_ITSELF __attribute__((no_sanitize("kernel-address")))
#else
static inline void undo_note(unused_arg const void *p, unused_arg size_t n) {}
static inline void undo_note_pages_freed(void) {}
#define UNDO_SAYS_ITSELF
#endif
