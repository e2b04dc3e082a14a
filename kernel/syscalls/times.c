/* SPDX-License-Identifier: BSD-3-Clause */
/* See times(2). The result counts from some point in the past, in clock ticks. */
#include "abi/linux/errno.h"
#include "abi/linux/resource.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "task/usage.h"
#include "time/timer.h"

#define TICK_NS (NSEC_PER_SEC / LINUX_USER_HZ)

long sys_times(struct user_ptr buf)
{
    const struct process *p = current_process();
    struct linux_tms out = {
        .tms_utime = (s64)(usage_process_ns(p) / TICK_NS),
        .tms_cutime = (s64)(p->child_user_ns / TICK_NS),
        .tms_cstime = (s64)(p->child_system_ns / TICK_NS),
    };

    if (!user_is_null(buf) && copy_to_program(buf, &out, sizeof(out)))
        return -EFAULT;
    return (long)(clock_monotonic_ns() / TICK_NS);
}
