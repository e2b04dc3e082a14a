/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls while somebody watches: what --result and --trace-summary count, and the tracer's turns.
 *
 * Holds:    per row: time, successes, failures by errno.
 * Promises: not linked where CONFIG_TRACE is off; not called where nobody asked (dispatch.c).
 */
#include "shim/observe.h"

#include "abi/image/boot_info.h"
#include "abi/linux/errno.h"
#include "memory/page.h"
#include "shim/record.h"
#include "shim/trace.h"
#include "time/timer.h"

#define ERRNO_LIMIT 134 /* greater than any a program sees */

struct row_results {
    u64 took_ns[ARCH_DOORS], successes;
    u32 *failures;               /* [ERRNO_LIMIT], by errno; NULL: none yet */
};

static struct row_results results[CALL_NUMBERS];
static u64 flags;
static void (*send_event)(u32 type, const void *payload, u32 length);

void observe_start(const struct shim_request *request)
{
    flags = request->flags;
    send_event = request->send_event;
    if (flags & ELFIN_FLAG_TRACE)
        trace_start(request);
}

/* What the program may see of it; 0: no error. A call to be started again counts as interrupted. */
static u32 errno_of(long result)
{
    if (result >= 0 || result < -LINUX_MAX_ERRNO)
        return 0;
    return result > -ERRNO_LIMIT ? (u32)-result : EINTR;
}

static void count(struct row_results *r, long result)
{
    u32 error = errno_of(result);

    if (!error) {
        r->successes++;
        return;
    }
    if (!r->failures)
        r->failures = heap_alloc_zeroed(ERRNO_LIMIT * sizeof(u32));
    if (r->failures)
        r->failures[error]++;
}

u64 observe_entry(const struct syscall_row *row, u64 number, const struct trap_frame *frame)
{
    if (trace_wants(number))
        trace_entry(row, number, frame);
    return flags & (ELFIN_FLAG_TIME | ELFIN_FLAG_TRACE) ? clock_monotonic_ns() : 0;
}

void observe_return(const struct syscall_row *row, u64 number, const struct trap_frame *frame,
                    long result, u64 entered_ns)
{
    u64 took_ns = entered_ns ? clock_monotonic_ns() - entered_ns : 0;

    if (number < CALL_NUMBERS) {
        results[number].took_ns[frame_door(frame)] += took_ns;
        count(&results[number], result);
    }
    if (trace_wants(number))
        trace_return(row, number, frame, result, took_ns);
}

static void report_times(u32 number, const struct row_results *r)
{
    for (u32 door = 0; door < ARCH_DOORS; door++) {
        struct {
            u32 number, door;
            u64 took_ns;
        } time = {number, door, r->took_ns[door]};

        if (time.took_ns)
            send_event(ELFIN_EVENT_TIME, &time, sizeof(time));
    }
}

static void report_row(u32 number, const struct row_results *r)
{
    struct {
        u32 number, error;
        u64 times;
    } event = {number, 0, r->successes};

    report_times(number, r);
    if (r->successes)
        send_event(ELFIN_EVENT_RESULT, &event, sizeof(event));
    for (event.error = 1; r->failures && event.error < ERRNO_LIMIT; event.error++) {
        event.times = r->failures[event.error];
        if (event.times)
            send_event(ELFIN_EVENT_RESULT, &event, sizeof(event));
    }
}

void observe_report(void)
{
    trace_flush();
    for (u32 number = 0; flags & ELFIN_FLAG_RESULTS && number < CALL_NUMBERS; number++)
        report_row(number, &results[number]);
}
