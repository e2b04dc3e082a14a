/* SPDX-License-Identifier: BSD-3-Clause */
/* See nanosleep(2) for what a signal does to a sleep, restart_syscall(2) for how it goes on. */
#include "task/sleep.h"

#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "platform/platform.h"
#include "task/usage.h"
#include "time/timer.h"

static u64 now_on(enum sleep_clock clock)
{
    return clock == SLEEP_ON_TIME ? clock_monotonic_ns() : usage_process_ns(current_process());
}

/* The monotonic time at which the deadline may be reached. CPU time passes no faster than time on
 * our one CPU, and not at all while a process's only thread sleeps. */
static u64 look_again_at(enum sleep_clock clock, u64 deadline_ns, u64 now_ns)
{
    if (clock == SLEEP_ON_TIME)
        return deadline_ns;
    if (current_process()->thread_count == 1)
        return NO_DEADLINE;
    return clock_monotonic_ns() + max_u64(deadline_ns - now_ns, platform_traits()->tick_ns);
}

static bool slept_until(enum sleep_clock clock, u64 deadline_ns)
{
    u64 now_ns;

    while ((now_ns = now_on(clock)) < deadline_ns) {
        if (thread_sleep(look_again_at(clock, deadline_ns, now_ns), true) == SLEEP_INTERRUPTED)
            return false;
    }
    return true;
}

static int store_remaining(enum sleep_clock clock, struct user_ptr to, u64 deadline_ns)
{
    u64 now_ns = now_on(clock);
    u64 left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    struct linux_timespec left = {(s64)(left_ns / NSEC_PER_SEC), (s64)(left_ns % NSEC_PER_SEC)};

    return user_is_null(to) ? 0 : copy_to_program(to, &left, sizeof(left));
}

static long sleep_again(struct restart_block *b)
{
    struct user_ptr remaining = {b->words[1]};
    enum sleep_clock clock = (enum sleep_clock)b->words[2];

    if (slept_until(clock, b->words[0]))
        return 0;
    if (store_remaining(clock, remaining, b->words[0]))
        return -EFAULT;
    return -ERESTART_RESTARTBLOCK;
}

long sleep_for(enum sleep_clock clock, u64 duration_ns, struct user_ptr remaining)
{
    struct restart_block *b = &current_thread()->restart;

    b->again = sleep_again;
    b->words[0] = now_on(clock) + duration_ns;
    b->words[1] = remaining.address;
    b->words[2] = clock;
    return sleep_again(b);
}

long sleep_until(enum sleep_clock clock, u64 deadline_ns)
{
    return slept_until(clock, deadline_ns) ? 0 : -ERESTARTNOHAND;
}
