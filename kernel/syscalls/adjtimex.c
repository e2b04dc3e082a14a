/* SPDX-License-Identifier: BSD-3-Clause */
/* See adjtimex(2). Our clock is the hypervisor's or the host's: it can be read, as one that nobody
 * has synchronised, and not be adjusted. */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "time/timer.h"

/* What Linux shows before a daemon has said otherwise. */
#define ERROR_US 16000000
#define TIME_CONSTANT 2
#define PRECISION_US 1
#define TOLERANCE_SCALED 32768000 /* 500 ppm, 16 bits of fraction */
#define TICK_US 10000

/* The bits that ADJ_OFFSET_SINGLESHOT and ADJ_OFFSET_SS_READ are made of. */
#define MODE_OFFSET 0x0001u
#define MODE_ADJTIME (ADJ_OFFSET_SINGLESHOT & ~MODE_OFFSET)
#define MODE_READ_ONLY (ADJ_OFFSET_SS_READ & ~(u32)ADJ_OFFSET_SINGLESHOT)

static int check(u32 modes)
{
    if (!(modes & MODE_ADJTIME))
        return modes ? -EPERM : 0;
    if (!(modes & MODE_OFFSET))
        return -EINVAL;
    return modes & MODE_READ_ONLY ? 0 : -EPERM;
}

static long adjust(struct user_ptr timex)
{
    struct linux_timex t;
    u64 now_ns = clock_realtime_ns();

    if (copy_from_program(&t, timex, sizeof(t)))
        return -EFAULT;
    u32 modes = t.modes;
    int error = check(modes);
    if (error)
        return error;
    t = (struct linux_timex){
        .modes = modes,
        .maxerror = ERROR_US,
        .esterror = ERROR_US,
        .status = STA_UNSYNC,
        .constant = TIME_CONSTANT,
        .precision = PRECISION_US,
        .tolerance = TOLERANCE_SCALED,
        .time = {(s64)(now_ns / NSEC_PER_SEC), (s64)(now_ns % NSEC_PER_SEC / 1000)},
        .tick = TICK_US,
    };
    return copy_to_program(timex, &t, sizeof(t)) ? -EFAULT : TIME_ERROR;
}

long sys_adjtimex(struct user_ptr timex)
{
    return adjust(timex);
}

long sys_clock_adjtime(int clock, struct user_ptr timex)
{
    u64 unused;

    if (clock == CLOCK_REALTIME)
        return adjust(timex);
    struct linux_timex t;
    if (copy_from_program(&t, timex, sizeof(t)))
        return -EFAULT;
    return clock_read(clock, &unused) && clock >= 0 ? -EINVAL : -EOPNOTSUPP;
}
