/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside shim/: what dispatch tells record.c. The first two are on every call's path. */
#pragma once

#include "lib/types.h"

#define CALL_NUMBERS 512  /* more than either machine has; checked at the start */
#define RECENT_CALLS 32 /* a power of two: the last calls, for a panic */

struct recent_call {
    u32 number;
    s32 result;
};

struct call_record {
    u64 counts[CALL_NUMBERS];
    struct recent_call recent[RECENT_CALLS];
    u32 next;
};

extern struct call_record call_record;

static inline void record_call(u64 number)
{
    call_record.counts[number]++;
    call_record.recent[++call_record.next % RECENT_CALLS].number = (u32)number;
}

static inline void record_result(long result)
{
    call_record.recent[call_record.next % RECENT_CALLS].result = (s32)result;
}

/* An absent, denied or ignored row was called. */
void record_shortfall(u64 number);
