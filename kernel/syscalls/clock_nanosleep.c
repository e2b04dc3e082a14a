/* SPDX-License-Identifier: BSD-3-Clause */
/* See clock_nanosleep(2). */
#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "abi_handlers.h"
#include "task/cpu_clock.h"
#include "task/credentials.h"
#include "task/sleep.h"
#include "time/convert.h"
#include "time/timer.h"

/* 0, -EINVAL: no such clock, -EOPNOTSUPP: one that nobody can sleep on. */
static int check_clock(int clock, enum sleep_clock *kind)
{
    u64 unused;

    *kind = SLEEP_ON_TIME;
    if (clock == CLOCK_THREAD_CPUTIME_ID || !clock_can_wait(clock))
        return -EOPNOTSUPP;
    if (clock_is_alarm(clock) && !credentials_privileged())
        return -EPERM;
    if (!clock_read(clock, &unused))
        return 0;
    *kind = SLEEP_ON_CPU_TIME;
    return cpu_clock_is_of_thread(clock) ? -EINVAL : cpu_clock_read(clock, &unused);
}

long sys_clock_nanosleep(int clock, int flags, struct user_ptr request, struct user_ptr remaining)
{
    enum sleep_clock kind;
    u64 ns;
    bool composed = clock < 0; /* such a clock is looked for behind its time only */
    int error = composed ? 0 : check_clock(clock, &kind);

    if (!error)
        error = load_timespec(&ns, request);
    if (!error && composed)
        error = check_clock(clock, &kind);
    if (error)
        return error;
    if (!(flags & TIMER_ABSTIME))
        return sleep_for(kind, ns, remaining);
    return sleep_until(kind, kind == SLEEP_ON_TIME ? clock_deadline(clock, ns) : ns);
}
