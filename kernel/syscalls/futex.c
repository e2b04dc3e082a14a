/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See futex(2). With one thread a wait can only end by its timeout or a signal, and a wake finds
 * nobody; queues, requeue and PI come with threads.
 */
#include "abi/linux/errno.h"
#include "abi/linux/futex.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "time/convert.h"
#include "time/timer.h"

static int deadline(int operation, struct user_ptr timeout, u64 *deadline_ns)
{
    bool absolute = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    u64 ns, there_ns;

    *deadline_ns = NO_DEADLINE;
    if (user_is_null(timeout))
        return 0;
    int error = load_timespec(&ns, timeout);
    if (error)
        return error;
    if (absolute && (operation & FUTEX_CLOCK_REALTIME)) {
        there_ns = clock_realtime_ns();
        ns = ns > there_ns ? ns - there_ns : 0;
        absolute = false;
    }
    *deadline_ns = absolute ? ns : clock_monotonic_ns() + ns;
    return 0;
}

static long wait_on(struct user_ptr futex, u32 value, int operation, struct user_ptr timeout)
{
    u64 deadline_ns;
    u32 now;

    int error = deadline(operation, timeout, &deadline_ns);
    if (error)
        return error;
    if (read_program_u32(&now, futex))
        return -EFAULT;
    if (now != value)
        return -EAGAIN;
    for (;;) {
        switch (thread_sleep(deadline_ns, true)) {
        case SLEEP_TIMED_OUT:
            return -ETIMEDOUT;
        case SLEEP_INTERRUPTED:
            return user_is_null(timeout) ? -ERESTARTSYS : -ERESTARTNOHAND;
        case SLEEP_WOKEN:
            continue;
        }
    }
}

long sys_futex(struct user_ptr futex, int operation, u32 value, struct user_ptr timeout,
               struct user_ptr futex2 unused_arg, u32 value3)
{
    u32 now;

    if (!is_aligned(futex.address, 4))
        return -EINVAL;
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT_BITSET:
        if (!value3)
            return -EINVAL;
        return wait_on(futex, value, operation, timeout);
    case FUTEX_WAIT:
        return wait_on(futex, value, operation, timeout);
    case FUTEX_WAKE_BITSET:
        if (!value3)
            return -EINVAL;
        return program_range_ok(futex, 4) ? 0 : -EFAULT;
    case FUTEX_WAKE:
        return read_program_u32(&now, futex) ? -EFAULT : 0;
    default:
        return -ENOSYS;
    }
}
