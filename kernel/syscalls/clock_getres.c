/* SPDX-License-Identifier: BSD-3-Clause */
/* See clock_getres(2). Setting clocks is the hypervisor's or the host's. */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "task/usage.h"
#include "time/convert.h"
#include "time/timer.h"

static int read_clock(int clock, u64 *ns)
{
    switch (clock) {
    case CLOCK_PROCESS_CPUTIME_ID:
        *ns = usage_process_ns(current_process());
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        *ns = thread_run_ns(current_thread());
        return 0;
    default:
        return clock_read(clock, ns);
    }
}

long sys_clock_gettime(int clock, struct user_ptr now)
{
    u64 ns;
    int error = read_clock(clock, &ns);

    return error ? error : store_timespec(now, ns);
}

long sys_clock_getres(int clock, struct user_ptr resolution)
{
    u64 ns = 1;
    int error = 0;

    if (clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID)
        error = clock_resolution(clock, &ns);
    if (error || user_is_null(resolution))
        return error;
    return store_timespec(resolution, ns);
}
