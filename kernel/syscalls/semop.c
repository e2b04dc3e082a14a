/* SPDX-License-Identifier: BSD-3-Clause */
/* See semop(2): semop, semtimedop. */
#include "abi_handlers.h"
#include "ipc/ipc.h"
#include "time/convert.h"
#include "time/timer.h"

long sys_semop(int id, struct user_ptr operations, u32 count)
{
    return sem_operate(id, operations, count, NO_DEADLINE);
}

long sys_semtimedop(int id, struct user_ptr operations, u32 count, struct user_ptr timeout)
{
    u64 timeout_ns, now_ns = clock_monotonic_ns();

    if (user_is_null(timeout))
        return sem_operate(id, operations, count, NO_DEADLINE);
    int error = load_timespec(&timeout_ns, timeout);
    if (error)
        return error;
    bool never = timeout_ns >= NO_DEADLINE - now_ns;
    return sem_operate(id, operations, count, never ? NO_DEADLINE : now_ns + timeout_ns);
}
