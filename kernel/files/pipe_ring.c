/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring of pages that a pipe is. See pipe_internal.h. */
#include "files/pipe_internal.h"
#include "memory/page.h"

struct pipe *pipe_new(u32 capacity)
{
    struct pipe *p = heap_alloc_zeroed(sizeof(*p));
    if (!p)
        return NULL;
    p->capacity = capacity;
    p->pieces = heap_alloc(capacity * sizeof(*p->pieces));
    if (!p->pieces) {
        heap_free(p);
        return NULL;
    }
    wait_queue_init(&p->changed);
    return p;
}

void pipe_free(struct pipe *p)
{
    while (p->used)
        pipe_drop_first(p);
    heap_free(p->pieces);
    heap_free(p);
}

struct pipe_piece *pipe_at(const struct pipe *p, u32 n)
{
    return &p->pieces[(p->first + n) % p->capacity];
}

int pipe_resize(struct pipe *p, u32 capacity)
{
    if (capacity < p->used + p->reserved)
        return -EBUSY;
    struct pipe_piece *pieces = heap_alloc(capacity * sizeof(*pieces));
    if (!pieces)
        return -ENOMEM;
    for (u32 n = 0; n < p->used; n++)
        pieces[n] = *pipe_at(p, n);
    heap_free(p->pieces);
    p->pieces = pieces;
    p->capacity = capacity;
    p->first = 0;
    return 0;
}

void pipe_push(struct pipe *p, const struct pipe_piece *piece)
{
    p->used++;
    *pipe_at(p, p->used - 1) = *piece;
}

void pipe_unshift(struct pipe *p, const struct pipe_piece *piece)
{
    p->first = (p->first ? p->first : p->capacity) - 1;
    p->used++;
    *pipe_at(p, 0) = *piece;
}

struct pipe_piece pipe_shift(struct pipe *p)
{
    struct pipe_piece piece = *pipe_at(p, 0);
    p->first = (p->first + 1) % p->capacity;
    p->used--;
    return piece;
}

void pipe_drop_first(struct pipe *p)
{
    page_unref(pipe_shift(p).page);
}

u8 *pipe_bytes(const struct pipe_piece *piece)
{
    return (u8 *)page_pointer(piece->page) + piece->offset;
}

u64 pipe_unread(const struct pipe *p)
{
    u64 bytes = 0;
    for (u32 n = 0; n < p->used; n++)
        bytes += pipe_at(p, n)->length;
    return bytes;
}

int pipe_fill(struct pipe_piece *piece, struct io *io, u64 most)
{
    struct io before = *io;
    u64 n = min_u64(min_u64(io->remaining, most), PAGE_SIZE);
    *piece = (struct pipe_piece){.length = (u32)n};
    if (!page_alloc(0, &piece->page))
        return -ENOMEM;
    if (io_take(io, pipe_bytes(piece), n) == n)
        return 0;
    page_unref(piece->page);
    *io = before;
    return -EFAULT;
}
