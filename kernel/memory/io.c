/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the two ends of a read or write: one buffer or an iovec, in program or kernel memory.
 * Promises: never moves more than `remaining`; a fault stops it at the byte that could not move.
 * See:      readv(2)
 */
#include "abi/linux/errno.h"
#include "arch/arch.h"
#include "lib/string.h"
#include "memory/page.h"
#include "memory/user_memory.h"

#define SEGMENTS_MAX 1024 /* UIO_MAXIOV */
#define BYTES_MAX 0x7ffff000ull /* MAX_RW_COUNT: what one call moves at most */

static void io_one(struct io *io, u64 address, u64 n, bool kernel)
{
    *io = (struct io){.count = 1, .kernel = kernel, .remaining = n,
                      .one = {.address = address, .length = n}};
    io->segments = &io->one;
}

void io_program(struct io *io, struct user_ptr p, u64 n) { io_one(io, p.address, n, false); }
void io_kernel(struct io *io, void *p, u64 n) { io_one(io, (u64)p, n, true); }

/* Lengths as Linux checks them: none negative, the sum cut to BYTES_MAX. */
static int check_segments(struct io *io)
{
    for (unsigned i = 0; i < io->count; i++) {
        struct io_segment *s = &io->segments[i];
        if ((s64)s->length < 0)
            return -EINVAL;
        if (!program_address_ok((struct user_ptr){s->address}, s->length))
            return -EFAULT;
        s->length = min_u64(s->length, BYTES_MAX - io->remaining);
        io->remaining += s->length;
    }
    return 0;
}

int io_vector(struct io *io, struct user_ptr iov, u64 count)
{
    *io = (struct io){.segments = &io->one};
    if (count > SEGMENTS_MAX)
        return -EINVAL;
    if (count == 0)
        return 0;
    if (count > 1) {
        io->segments = io->owned = heap_alloc(count * sizeof(*io->segments));
        if (!io->segments)
            return -ENOMEM;
    }
    io->count = (unsigned)count;
    int error = copy_from_program(io->segments, iov, count * sizeof(*io->segments));
    if (!error)
        error = check_segments(io);
    if (error)
        io_release(io);
    return error;
}

void io_release(struct io *io)
{
    heap_free(io->owned); /* not segments: that moves on as the io advances */
    io->owned = NULL;
    io->segments = NULL;
    io->count = 0;
    io->remaining = 0;
}

enum direction { IO_PUT, IO_TAKE, IO_ZERO };

static size_t move_piece(const struct io *io, enum direction way, u8 *buffer, size_t n)
{
    u64 address = io->segments->address + io->offset;
    struct user_ptr p = {address};
    if (io->kernel) {
        u8 *memory = (u8 *)address;
        if (way == IO_PUT)
            memcpy(memory, buffer, n);
        else if (way == IO_TAKE)
            memcpy(buffer, memory, n);
        else
            memset(memory, 0, n);
        return n;
    }
    if (way == IO_PUT)
        return copy_to_program_some(p, buffer, n);
    if (way == IO_TAKE)
        return copy_from_program_some(buffer, p, n);
    return program_range_ok(p, n) ? n - arch_clear_program((void *)address, n) : 0;
}

static size_t move(struct io *io, enum direction way, u8 *buffer, size_t n)
{
    size_t done = 0;
    while (done < n && io->remaining) {
        u64 left = io->segments->length - io->offset;
        if (left == 0) {
            io->segments++;
            io->count--;
            io->offset = 0;
            continue;
        }
        size_t want = min_u64(min_u64(left, n - done), io->remaining);
        size_t got = move_piece(io, way, buffer ? buffer + done : NULL, want);
        io->offset += got;
        io->remaining -= got;
        done += got;
        if (got < want)
            break;
    }
    return done;
}

size_t io_put(struct io *io, const void *from, size_t n)
{
    return move(io, IO_PUT, (u8 *)(uintptr_t)from, n);
}

size_t io_take(struct io *io, void *to, size_t n) { return move(io, IO_TAKE, to, n); }
size_t io_put_zeros(struct io *io, size_t n) { return move(io, IO_ZERO, NULL, n); }
