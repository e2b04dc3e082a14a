/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    which calls are traced; records that have not left yet.
 * Promises: a call is two records, one when it begins and one when it ends, each after the pieces
 *           of program memory that belong to it; they have left the kernel before the handler
 *           runs, so a call that never ends is seen. Signals and ends of threads stand between.
 * Locking:  a record is appended whole, and nothing here sleeps between its first and last byte.
 * See:      abi/image/boot_info.h (ELFIN_EVENT_TRACE_*), elfin/trace
 */
#include "shim/trace.h"

#include "abi/image/boot_info.h"
#include "lib/string.h"
#include "memory/user_memory.h"
#include "shim/record.h"
#include "task/observe.h"
#include "task/task.h"

#define BUFFER_BYTES 16384
#define PIECE_BYTES 512u

static void (*send_records)(const void *records, size_t length);
static u8 buffer[BUFFER_BYTES];
static size_t used;
static u8 wanted[CALL_NUMBERS / 8];

void trace_flush(void)
{
    if (send_records && used)
        send_records(buffer, used);
    used = 0;
}

static void append(u32 type, const void *payload, u32 length)
{
    u32 header[2] = {type, length};
    size_t whole = sizeof(header) + align_up(length, 8);

    if (used + whole > BUFFER_BYTES)
        trace_flush();
    memcpy(buffer + used, header, sizeof(header));
    memcpy(buffer + used + sizeof(header), payload, length);
    memset(buffer + used + sizeof(header) + length, 0, align_up(length, 8) - length);
    used += whole;
}

struct piece {
    u32 tid, zero;
    u64 address;
    u8 bytes[PIECE_BYTES];
};

size_t trace_send_memory(u64 address, u64 length)
{
    struct piece piece;
    size_t sent = 0;

    while (sent < length) {
        size_t n = min_u64(length - sent, PIECE_BYTES);
        size_t got = copy_from_program_some(piece.bytes, (struct user_ptr){address + sent}, n);
        piece.tid = (u32)current_thread()->tid;
        piece.zero = 0;
        piece.address = address + sent;
        if (got)
            append(ELFIN_EVENT_TRACE_MEMORY, &piece, (u32)(offsetof(struct piece, bytes) + got));
        sent += got;
        if (got < n)
            break;
    }
    return sent;
}

bool trace_wants(u64 number)
{
    return send_records && number < CALL_NUMBERS && (wanted[number / 8] >> number % 8 & 1);
}

void trace_entry(const struct syscall_row *row, u64 number, const struct trap_frame *frame)
{
    struct {
        u32 tid, pid, number, door;
        u64 arguments[6];
    } event = {(u32)current_thread()->tid, (u32)current_process()->pid, (u32)number, frame_door(frame), {0}};

    for (unsigned i = 0; i < ARRAY_SIZE(event.arguments); i++)
        event.arguments[i] = frame_argument(frame, i);
    trace_capture(row, number, frame, TRACE_IN, 0);
    append(ELFIN_EVENT_TRACE_ENTRY, &event, sizeof(event));
    trace_flush();
}

void trace_return(const struct syscall_row *row, u64 number, const struct trap_frame *frame,
                  long result, u64 took_ns)
{
    struct {
        u32 tid, number;
        s64 result;
        u64 took_ns;
    } event = {(u32)current_thread()->tid, (u32)number, result, took_ns};

    trace_capture(row, number, frame, TRACE_OUT, result);
    append(ELFIN_EVENT_TRACE_RETURN, &event, sizeof(event));
    trace_flush();
}

static void signal_arrived(const struct thread *t, const struct linux_siginfo *info)
{
    struct {
        u32 tid, zero;
        struct linux_siginfo info;
    } event = {(u32)t->tid, 0, *info};

    append(ELFIN_EVENT_TRACE_SIGNAL, &event, sizeof(event));
    trace_flush();
}

static void thread_ended(const struct thread *t, int wait_status)
{
    u32 event[2] = {(u32)t->tid, (u32)wait_status};

    append(ELFIN_EVENT_TRACE_END, event, sizeof(event));
    trace_flush();
}

static const struct task_observer observer = {signal_arrived, thread_ended};

void trace_start(const struct shim_request *request)
{
    memset(wanted, request->only_count ? 0 : 0xff, sizeof(wanted));
    for (size_t i = 0; i < request->only_count; i++)
        if (request->only[i] < CALL_NUMBERS)
            wanted[request->only[i] / 8] |= (u8)(1u << request->only[i] % 8);
    send_records = request->send_records;
    task_observe(&observer);
}
