/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring of bytes. */
#include "lib/ring.h"

#include "lib/string.h"

size_t ring_put(struct ring *r, const void *from, size_t n)
{
    const u8 *bytes = from;
    n = min_u64(n, ring_room(r));
    for (size_t done = 0; done < n;) {
        u32 at = (r->start + r->used) % r->size;
        size_t part = min_u64(n - done, r->size - at);
        memcpy(r->bytes + at, bytes + done, part);
        r->used += (u32)part;
        done += part;
    }
    return n;
}

const u8 *ring_front(const struct ring *r, size_t *n)
{
    *n = min_u64(r->used, r->size - r->start);
    return r->bytes + r->start;
}

void ring_drop(struct ring *r, size_t n)
{
    r->start = (u32)((r->start + n) % r->size);
    r->used -= (u32)n;
}

size_t ring_take(struct ring *r, void *to, size_t n)
{
    u8 *bytes = to;
    size_t done = 0, part;
    while (done < n && r->used) {
        const u8 *front = ring_front(r, &part);
        part = min_u64(part, n - done);
        memcpy(bytes + done, front, part);
        ring_drop(r, part);
        done += part;
    }
    return done;
}
