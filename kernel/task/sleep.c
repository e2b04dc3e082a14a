/* SPDX-License-Identifier: BSD-3-Clause */
/* See nanosleep(2) for what a signal does to a sleep, restart_syscall(2) for how it goes on. */
#include "task/sleep.h"

#include "abi/linux/errno.h"
#include "abi/linux/time.h"
#include "task/task.h"
#include "time/timer.h"

static bool slept_until(u64 deadline_ns)
{
    while (clock_monotonic_ns() < deadline_ns) {
        if (thread_sleep(deadline_ns, true) == SLEEP_INTERRUPTED)
            return false;
    }
    return true;
}

static int store_remaining(struct user_ptr to, u64 deadline_ns)
{
    u64 now_ns = clock_monotonic_ns();
    u64 left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;
    struct linux_timespec left = {(s64)(left_ns / NSEC_PER_SEC), (s64)(left_ns % NSEC_PER_SEC)};

    return user_is_null(to) ? 0 : copy_to_program(to, &left, sizeof(left));
}

static long sleep_again(struct restart_block *b)
{
    struct user_ptr remaining = {b->words[1]};

    if (slept_until(b->words[0]))
        return 0;
    if (store_remaining(remaining, b->words[0]))
        return -EFAULT;
    return -ERESTART_BLOCK;
}

long sleep_for(u64 duration_ns, struct user_ptr remaining)
{
    struct restart_block *b = &current_thread()->restart;

    b->again = sleep_again;
    b->words[0] = clock_monotonic_ns() + duration_ns;
    b->words[1] = remaining.address;
    return sleep_again(b);
}

long sleep_until(u64 deadline_ns)
{
    return slept_until(deadline_ns) ? 0 : -ERESTARTNOHAND;
}
