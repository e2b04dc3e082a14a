/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: how often each call was made, which rows fell short, the last calls.
 * Promises: a row that falls short is told in the log the first time, and all of them at the end.
 */
#include "shim/record.h"

#include "abi/dispatch.h"
#include "abi/image/boot_info.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "shim/observe.h"
#include "shim/shim.h"

struct call_record call_record;
static u32 shortfalls[CALL_NUMBERS];
static u64 boot_flags;
static void (*send_event)(u32 type, const void *payload, u32 length);

void shim_start(const struct shim_request *request)
{
    assert_always(abi_row_count <= CALL_NUMBERS);
    boot_flags = request->flags;
    send_event = request->send_event;
    bool watched = TRACE_BUILT &&
                   boot_flags & (ELFIN_FLAG_RESULTS | ELFIN_FLAG_TIME | ELFIN_FLAG_TRACE);
    if (watched)
        observe_start(request);
    dispatch_start(watched);
}

static const char *call_name(u64 number)
{
    const struct syscall_row *row = abi_row(number);
    return row ? abi_row_name(row) : "?";
}

void record_shortfall(u64 number)
{
    const struct syscall_row *row = abi_row(number);
    const char *name = call_name(number);

    if (shortfalls[number]++)
        return;
    if (row->support == ABI_IGNORED)
        log_line("%s is accepted without effect", name);
    else
        log_line("%s (call %llu) is not here: error %d", name, (unsigned long long)number,
                 -row->answer);
}

static void report_counts(u32 number)
{
    for (u32 door = 0; door < ARCH_DOORS; door++) {
        struct {
            u32 number, door;
            u64 times;
        } event = {number, door, call_record.counts[door][number]};

        if (event.times)
            send_event(ELFIN_EVENT_COUNT, &event, sizeof(event));
    }
}

void shim_report(void)
{
    if (TRACE_BUILT)
        observe_report();
    for (u32 number = 0; number < CALL_NUMBERS; number++) {
        u32 event[2] = {number, shortfalls[number]};
        const struct syscall_row *row = abi_row(number);
        if (row && shortfalls[number] && row->support != ABI_DENIED)
            send_event(ELFIN_EVENT_ABSENT, event, sizeof(event));
        if (boot_flags & ELFIN_FLAG_COUNT)
            report_counts(number);
    }
}

static int describe_call(char *out, size_t size, const struct recent_call *r)
{
    if (r->result == NOT_ENDED)
        return format_text(out, size, "\n  %s = ?", call_name(r->number));
    return format_text(out, size, "\n  %s = %d", call_name(r->number), r->result);
}

size_t shim_recent_calls(char *out, size_t size)
{
    size_t used = 0;

    for (u32 i = 0; i < RECENT_CALLS && used < size && i < call_record.next; i++) {
        const struct recent_call *r = &call_record.recent[(call_record.next - i) % RECENT_CALLS];
        used += (size_t)describe_call(out + used, size - used, r);
    }
    return min_u64(used, size - 1);
}
