/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only door to program memory. A program's pointer is a struct that nothing else opens, so
 * that it cannot be dereferenced by accident. Everything here checks the range against program
 * space, works on the current space, may fault pages in, and answers -EFAULT for what the
 * program itself could not touch.
 */
#pragma once

#include "lib/types.h"

struct user_ptr {
    u64 address;
};

static inline bool user_is_null(struct user_ptr p) { return p.address == 0; }
static inline struct user_ptr user_at(struct user_ptr p, u64 offset)
{
    return (struct user_ptr){p.address + offset};
}

/* 0 or -EFAULT; a partial copy may have happened. */
int copy_from_program(void *to, struct user_ptr from, size_t n);
int copy_to_program(struct user_ptr to, const void *from, size_t n);
int clear_program(struct user_ptr to, size_t n);
/* Bytes copied before the first fault (0..n): read and write make short counts of it. */
size_t copy_from_program_some(void *to, struct user_ptr from, size_t n);
size_t copy_to_program_some(struct user_ptr to, const void *from, size_t n);
/* A NUL-terminated string: its length without NUL, -EFAULT, or -ENAMETOOLONG when > size-1. */
long copy_string_from_program(char *to, struct user_ptr from, size_t size);
int read_program_u32(u32 *out, struct user_ptr from);
int read_program_u64(u64 *out, struct user_ptr from);
int write_program_u32(struct user_ptr to, u32 value);
int write_program_u64(struct user_ptr to, u64 value);
/* In one step, if the aligned word still is *expected: 0; else 1 and *expected is what it is. */
int cmpxchg_program_u32(struct user_ptr at, u32 *expected, u32 desired);
/* The range lies in program space (says nothing about mappings). */
bool program_range_ok(struct user_ptr p, u64 n);
/* The range lies below the end of program space: all that Linux asks before a read or write. */
bool program_address_ok(struct user_ptr p, u64 n);

/* --- struct io: where bytes of a read or write come from or go to: program memory, one buffer or
 * an iovec, or kernel memory (exec reading headers, sendfile). --- */
struct io_segment {
    u64 address;
    u64 length;
};
struct io {
    struct io_segment *segments;
    unsigned count;              /* segments left */
    bool kernel;                 /* addresses are kernel pointers */
    u64 offset;                  /* into segments[0] */
    u64 remaining;               /* bytes left in all */
    struct io_segment one;
    void *owned;                 /* what io_release frees */
};
void io_program(struct io *io, struct user_ptr p, u64 n);
void io_kernel(struct io *io, void *p, u64 n);
/* readv and friends: copies the iovec in (-EFAULT, -EINVAL as readv(2)); io_release frees it. */
int io_vector(struct io *io, struct user_ptr iov, u64 count);
void io_release(struct io *io);
/* Moves up to n bytes and advances; returns the bytes moved (short: fault). */
size_t io_put(struct io *io, const void *from, size_t n);  /* kernel -> io (a read) */
size_t io_take(struct io *io, void *to, size_t n);         /* io -> kernel (a write) */
size_t io_put_zeros(struct io *io, size_t n);
