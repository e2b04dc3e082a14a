/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring of bytes in memory that its owner gives and frees. */
#pragma once

#include "lib/types.h"

struct ring {
    u8 *bytes;
    u32 size, start, used;
};

static inline u32 ring_room(const struct ring *r) { return r->size - r->used; }
static inline void ring_clear(struct ring *r) { r->start = r->used = 0; }
size_t ring_put(struct ring *r, const void *from, size_t n);  /* bytes that fitted */
size_t ring_take(struct ring *r, void *to, size_t n);         /* bytes that were there */
/* The first bytes that lie side by side; *n of them. For use without a copy. */
const u8 *ring_front(const struct ring *r, size_t *n);
void ring_drop(struct ring *r, size_t n);                     /* n <= used */
