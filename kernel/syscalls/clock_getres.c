/* SPDX-License-Identifier: BSD-3-Clause */
/* See clock_getres(2). Setting clocks is the hypervisor's or the host's affair: what Linux says
 * without CAP_SYS_TIME. */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "task/cpu_clock.h"
#include "time/convert.h"
#include "time/timer.h"

long sys_clock_gettime(int clock, struct user_ptr now)
{
    u64 ns;
    int error = clock_read(clock, &ns);

    if (error)
        error = cpu_clock_read(clock, &ns);
    return error ? error : store_timespec(now, ns);
}

long sys_clock_getres(int clock, struct user_ptr resolution)
{
    u64 ns, unused;
    int error = clock_resolution(clock, &ns);

    if (error) {
        ns = 1;
        error = cpu_clock_read(clock, &unused);
    }
    if (error || user_is_null(resolution))
        return error;
    return store_timespec(resolution, ns);
}

long sys_clock_settime(int clock, struct user_ptr now)
{
    struct linux_timespec wanted;
    u64 ns;
    bool real = clock == CLOCK_REALTIME;

    if (!real && (clock >= 0 || cpu_clock_read(clock, &ns)))
        return -EINVAL;
    if (copy_from_program(&wanted, now, sizeof(wanted)))
        return -EFAULT;
    return real && load_timespec(&ns, now) ? -EINVAL : -EPERM;
}
