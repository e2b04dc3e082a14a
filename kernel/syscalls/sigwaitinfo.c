/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigwaitinfo(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "time/convert.h"

/* The thread waits with the wanted signals unblocked, so that they wake it; they are taken from
 * the queue before anything is delivered. */
static int wait_for(u64 wanted, u64 deadline_ns, struct linux_siginfo *info)
{
    struct thread *t = current_thread();
    u64 blocked = t->blocked;
    int signal = signal_take(t, wanted, info);
    enum sleep_result why = SLEEP_WOKEN;

    if (signal || deadline_ns == 0)
        return signal;
    t->blocked &= ~wanted;
    while (!signal && why == SLEEP_WOKEN) {
        why = thread_sleep(deadline_ns, true);
        signal = signal_take(t, wanted, info);
    }
    t->blocked = blocked;
    if (signal)
        return signal;
    return why == SLEEP_INTERRUPTED ? -EINTR : 0;
}

long sys_rt_sigtimedwait(struct user_ptr set, struct user_ptr info, struct user_ptr timeout,
                         size_t sigset_size)
{
    struct linux_siginfo got;
    u64 wanted, deadline_ns = NO_DEADLINE;

    if (sigset_size != LINUX_SIGSET_BYTES)
        return -EINVAL;
    if (read_program_u64(&wanted, set))
        return -EFAULT;
    if (!user_is_null(timeout)) {
        int error = load_timespec(&deadline_ns, timeout);
        if (error)
            return error;
        if (deadline_ns)
            deadline_ns += clock_monotonic_ns();
    }
    wanted &= ~(LINUX_SIGMASK(SIGKILL) | LINUX_SIGMASK(SIGSTOP));
    int signal = wait_for(wanted, deadline_ns, &got);
    if (signal <= 0)
        return signal ? signal : -EAGAIN;
    if (!user_is_null(info) && copy_to_program(info, &got, sizeof(got)))
        return -EFAULT;
    return signal;
}
