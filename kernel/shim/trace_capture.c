/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What of the program's memory goes along with a traced call: what its pointers point to, as
 * abi/trace.h says, as far as it can be read and somebody would print it.
 *
 * Promises: bounded: text is cut where strace cuts it, arrays too. What is asked for in vain is
 *           left out; the reader then shows the address.
 */
#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "abi/linux/uio.h"
#include "abi_numbers.h"
#include "lib/string.h"
#include "memory/user_memory.h"
#include "shim/trace.h"
#include "task/task.h"

#define TEXT_BYTES 33u       /* 32 are shown; one more tells whether there are more */
#define ELEMENTS_MAX 33u
#define ADDRESSES_MAX 4096u
#define RESULT_MAX 65536u
#define SIGNAL_FRAME_BYTES 384u /* up to and with the mask */

struct captured {
    const struct trace_argument *how;
    u64 value;
    u64 count;  /* what the argument that counts it says */
    long result;
    bool out;   /* at the return */
};

/* Pieces of a string until its NUL, at most `most` bytes. */
static void send_string(u64 address, u64 most)
{
    u8 piece[64];
    u64 sent = 0;

    while (address && sent < most) {
        size_t n = min_u64(most - sent, sizeof(piece));
        size_t got = copy_from_program_some(piece, (struct user_ptr){address + sent}, n);
        const u8 *end = got ? memchr(piece, 0, got) : NULL;
        size_t take = end ? (size_t)(end - piece) + 1 : got;
        trace_send_memory(address + sent, take);
        if (end || got < n)
            return;
        sent += take;
    }
}

/* An array of addresses up to its NULL, then, if asked, the strings. */
static void send_addresses(u64 address, bool strings)
{
    for (u64 i = 0; i < ADDRESSES_MAX; i++) {
        u64 string = 0;
        if (read_program_u64(&string, (struct user_ptr){address + i * sizeof(u64)}))
            return;
        trace_send_memory(address + i * sizeof(u64), sizeof(u64));
        if (!string)
            return;
        if (strings && i < ELEMENTS_MAX)
            send_string(string, TEXT_BYTES);
    }
}

/* At the return, `filled` bytes lie in the elements; at entry all of each may be looked at. */
static void send_vector(u64 address, u64 count, u64 filled)
{
    for (u64 i = 0; i < min_u64(count, ELEMENTS_MAX) && filled; i++) {
        struct linux_iovec v;
        u64 at = address + i * sizeof(v);
        if (copy_from_program(&v, (struct user_ptr){at}, sizeof(v)))
            return;
        trace_send_memory(at, sizeof(v));
        u64 here = min_u64(v.iov_len, filled);
        trace_send_memory(v.iov_base, min_u64(here, TEXT_BYTES));
        filled -= filled == UINT64_MAX ? 0 : here;
    }
}

static u64 filled_bytes(const struct captured *c)
{
    return c->out ? (u64)(c->result > 0 ? c->result : 0) : UINT64_MAX;
}

static void capture_out(const struct captured *c)
{
    u64 filled = filled_bytes(c);

    switch (c->how->capture) {
    case TRACE_TEXT_OUT: trace_send_memory(c->value, min_u64(filled, TEXT_BYTES)); break;
    case TRACE_RESULT: trace_send_memory(c->value, min_u64(filled, RESULT_MAX)); break;
    case TRACE_VECTOR_OUT: send_vector(c->value, c->count, filled); break;
    default: break;
    }
}

static void capture_in(const struct captured *c)
{
    u64 bytes = min_u64(c->count, ELEMENTS_MAX) * c->how->size;

    switch (c->how->capture) {
    case TRACE_STRING: send_string(c->value, PATH_MAX); break;
    case TRACE_STRINGS: send_addresses(c->value, true); break;
    case TRACE_ADDRESSES: send_addresses(c->value, false); break;
    case TRACE_TEXT_IN: trace_send_memory(c->value, min_u64(c->count, TEXT_BYTES)); break;
    case TRACE_ELEMENTS: trace_send_memory(c->value, bytes); break;
    case TRACE_VECTOR_IN: send_vector(c->value, c->count, UINT64_MAX); break;
    case TRACE_MAYBE: trace_send_memory(c->value, c->how->size); break;
    default: break;
    }
}

static void capture(const struct captured *c)
{
    bool either = c->how->capture == TRACE_ELEMENTS || c->how->capture == TRACE_MAYBE;

    if (!c->value)
        return;
    if (c->out && !either)
        capture_out(c);
    else
        capture_in(c);
}

/* A call that failed has stored nothing; one that was interrupted may have. */
static bool has_stored(long result)
{
    return result >= 0 || result == -EINTR || result <= -ERESTARTSYS;
}

void trace_capture(const struct syscall_row *row, u64 number, const struct trap_frame *frame,
                   enum trace_direction when, long result)
{
    if (number == SYS_rt_sigreturn && when == TRACE_IN)
        trace_send_memory(frame_sp(frame), SIGNAL_FRAME_BYTES);
    if (!row || (when == TRACE_OUT && !has_stored(result)))
        return;
    for (unsigned i = 0; i < row->argument_count; i++) {
        const struct trace_argument *how = &abi_trace_arguments[row->arguments + i];
        struct captured c = {how, frame_argument(frame, i), how->count, result, when == TRACE_OUT};
        if (how->length != TRACE_NO_LENGTH)
            c.count = frame_argument(frame, how->length);
        if (how->direction & when)
            capture(&c);
    }
}
