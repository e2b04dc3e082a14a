/* SPDX-License-Identifier: BSD-3-Clause */
/* See epoll_wait(2): epoll_wait, epoll_pwait, epoll_pwait2. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "files/epoll.h"
#include "files/poll.h"
#include "time/convert.h"

static long collect(int epfd, struct user_ptr events, int most, u64 deadline_ns)
{
    if (most <= 0 || most > INT32_MAX / (int)sizeof(struct linux_epoll_event))
        return -EINVAL;
    if (!program_address_ok(events, (u64)most * sizeof(struct linux_epoll_event)))
        return -EFAULT;
    struct file *f = descriptor_file(epfd);
    if (!f)
        return -EBADF;
    long count = file_is_epoll(f) ? epoll_collect(f, events, (u32)most, deadline_ns) : -EINVAL;
    file_drop(f);
    return count;
}

static long collect_masked(int epfd, struct user_ptr events, int most, u64 deadline_ns,
                           struct user_ptr mask, u64 mask_size)
{
    int error = poll_mask_enter(mask, mask_size);
    if (error)
        return error;
    long count = collect(epfd, events, most, deadline_ns);
    poll_mask_leave(mask, count == -EINTR);
    return count;
}

static u64 deadline_of_ms(int timeout_ms)
{
    return timeout_ms < 0 ? NO_DEADLINE : poll_deadline((u64)timeout_ms * 1000000);
}

long sys_epoll_wait(int epfd, struct user_ptr events, int maxevents, int timeout_ms)
{
    return collect(epfd, events, maxevents, deadline_of_ms(timeout_ms));
}

long sys_epoll_pwait(int epfd, struct user_ptr events, int maxevents, int timeout_ms,
                     struct user_ptr sigmask, u64 sigset_size)
{
    return collect_masked(epfd, events, maxevents, deadline_of_ms(timeout_ms), sigmask,
                          sigset_size);
}

long sys_epoll_pwait2(int epfd, struct user_ptr events, int maxevents, struct user_ptr timeout,
                      struct user_ptr sigmask, u64 sigset_size)
{
    u64 timeout_ns = NO_DEADLINE;

    if (!user_is_null(timeout)) {
        int error = load_timespec(&timeout_ns, timeout);
        if (error)
            return error;
    }
    return collect_masked(epfd, events, maxevents, poll_deadline(timeout_ns), sigmask,
                          sigset_size);
}
