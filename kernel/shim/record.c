/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: how often each call was made, which rows fell short, the last calls.
 * Promises: a row that falls short is told in the log the first time, and all of them at the end.
 */
#include "shim/record.h"

#include "abi/image/boot_info.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "shim/shim.h"

struct call_record call_record;
static u32 shortfalls[SYSCALL_ROWS];
static u64 boot_flags;
static void (*send_event)(u32 type, const void *payload, u32 length);

void shim_start(u64 flags, void (*send)(u32 type, const void *payload, u32 length))
{
    boot_flags = flags;
    send_event = send;
}

static const char *call_name(u64 number)
{
    const char *name = number < SYSCALL_ROWS ? syscall_rows[number].name : NULL;
    return name ? name : "?";
}

void record_shortfall(u64 number)
{
    const struct syscall_row *row = &syscall_rows[number];

    if (shortfalls[number]++)
        return;
    if (row->support == SUPPORT_IGNORED)
        log_line("%s is accepted without effect", call_name(number));
    else if (row->denied_errno)
        log_line("%s is always refused (error %d)", call_name(number), row->denied_errno);
    else
        log_line("%s (call %llu) is not here: ENOSYS", call_name(number),
                 (unsigned long long)number);
}

static void report_count(u32 number)
{
    struct {
        u32 number, door;
        u64 times;
    } event = {number, 0, call_record.counts[number]};

    send_event(ELFIN_EVENT_COUNT, &event, sizeof(event));
}

void shim_report(void)
{
    for (u32 number = 0; number < SYSCALL_ROWS; number++) {
        u32 event[2] = {number, shortfalls[number]};
        if (shortfalls[number] && !syscall_rows[number].denied_errno)
            send_event(ELFIN_EVENT_ABSENT, event, sizeof(event));
        if ((boot_flags & ELFIN_FLAG_COUNT) && call_record.counts[number])
            report_count(number);
    }
}

size_t shim_recent_calls(char *out, size_t size)
{
    size_t used = 0;

    for (u32 i = 0; i < RECENT_CALLS && used < size && i < call_record.next; i++) {
        const struct recent_call *r = &call_record.recent[(call_record.next - i) % RECENT_CALLS];
        used += (size_t)format_text(out + used, size - used, "\n  %s = %d", call_name(r->number),
                                    r->result);
    }
    return min_u64(used, size - 1);
}
