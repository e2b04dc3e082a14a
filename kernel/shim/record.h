/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside shim/: what dispatch tells record.c. The first two are on every call's path. */
#pragma once

#include "arch/upcalls.h"
#include "lib/string.h"
#include "lib/types.h"

#define CALL_NUMBERS 512  /* more than either machine has; checked at the start */
#define RECENT_CALLS 32 /* a power of two: the last calls, for a panic */
#define NOT_ENDED INT32_MIN /* the result of a call that has not returned */

struct recent_call {
    u32 number;
    s32 result;
};

struct call_record {
    u64 counts[ARCH_DOORS][CALL_NUMBERS];
    u64 unknown[ARCH_DOORS];     /* numbers beyond the table */
    struct recent_call recent[RECENT_CALLS];
    u32 next;
};

extern struct call_record call_record;

/* What record_result wants back. */
static inline u32 record_call(enum arch_door door, u64 number)
{
    u32 slot = ++call_record.next;
    struct recent_call call = {(u32)number, NOT_ENDED};
    u64 whole;

    call_record.counts[door][number]++;
    memcpy(&whole, &call, sizeof(whole)); /* one store: stores are what a call costs */
    memcpy(&call_record.recent[slot % RECENT_CALLS], &whole, sizeof(whole));
    return slot;
}

/* Other threads may have made calls since: the slot may be another's by now. */
static inline void record_result(u32 slot, long result)
{
    if (call_record.next - slot < RECENT_CALLS)
        call_record.recent[slot % RECENT_CALLS].result = (s32)result;
}

/* An absent, denied or ignored row was called. */
void record_shortfall(u64 number);

#ifdef CONFIG_TRACE
#define TRACE_BUILT true
#else
#define TRACE_BUILT false
#endif

/* dispatch.c: calls may come; watched ones take the way on which they are looked at. */
void dispatch_start(bool watch_calls);
