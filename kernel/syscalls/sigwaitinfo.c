/* SPDX-License-Identifier: BSD-3-Clause */
/* See sigwaitinfo(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/task.h"
#include "time/convert.h"

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
    int signal = signal_wait_for(wanted, deadline_ns, &got);
    if (signal <= 0)
        return signal ? signal : -EAGAIN;
    if (!user_is_null(info) && copy_to_program(info, &got, sizeof(got)))
        return -EFAULT;
    return signal;
}
