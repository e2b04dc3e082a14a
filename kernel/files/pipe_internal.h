/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pipes inside: a ring of pages. What reads, writes and splice work on.
 *
 * Holds:    one piece of a page per slot. tee and splice share pages between pipes, so a page is
 *           counted, and only written to while nobody else has it.
 * Promises: the capacity counts pages, as on Linux: a small write takes a whole page unless it fits
 *           behind the last one.
 * Locking:  none; nothing sleeps between a look at the ring and the change that follows from it.
 * See:      pipe(7)
 */
#pragma once

#include "files/inode.h"

#define PIPE_SLOTS 16u           /* 64 KiB: F_GETPIPE_SZ of a new pipe */

struct pipe_piece {
    paddr_t page;                /* one reference is the piece's */
    u32 offset, length;
    bool packet;                 /* O_DIRECT: a read ends with it */
    bool grows;                  /* a small write may follow in the same page */
};

struct pipe {
    struct pipe_piece *pieces;
    u32 capacity, first, used;   /* of pieces */
    u32 reserved;                /* slots of splices that sleep in another file's read or write */
    u32 readers, writers;
    u32 opened_readers, opened_writers; /* ever, for open(2) of a FIFO */
    struct wait_queue changed;
};

static inline bool pipe_is_full(const struct pipe *p) { return p->used + p->reserved >= p->capacity; }

/* pipe_ring.c */
struct pipe *pipe_new(u32 capacity);               /* NULL: no memory */
void pipe_free(struct pipe *p);
int pipe_resize(struct pipe *p, u32 capacity);     /* 0, -EBUSY, -ENOMEM */
struct pipe_piece *pipe_at(const struct pipe *p, u32 n); /* the nth from the front; n < used */
void pipe_push(struct pipe *p, const struct pipe_piece *piece); /* takes its reference */
void pipe_unshift(struct pipe *p, const struct pipe_piece *piece);
struct pipe_piece pipe_shift(struct pipe *p);      /* with its reference */
void pipe_drop_first(struct pipe *p);
u8 *pipe_bytes(const struct pipe_piece *piece);
u64 pipe_unread(const struct pipe *p);
/* A page of io's next bytes, at most `most`. 0, -ENOMEM, -EFAULT (nothing was taken). */
int pipe_fill(struct pipe_piece *piece, struct io *io, u64 most);

/* pipe.c */
extern const struct file_operations pipe_file_operations;
/* Waiting. O_NONBLOCK in flags: -EAGAIN. */
struct pipe *file_pipe(const struct file *f);      /* NULL: not a pipe */
int pipe_wait_readable(struct pipe *p, u32 flags); /* 0; 1: the end; -errno */
int pipe_wait_writable(struct pipe *p, u32 flags); /* 0; -EPIPE, with its signal */
void pipe_wake_readers(struct pipe *p);
void pipe_wake_writers(struct pipe *p);
