/* SPDX-License-Identifier: BSD-3-Clause */
/* See recvmmsg(2). */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "net/socket.h"
#include "time/convert.h"
#include "time/timer.h"

/* recvmmsg(2): the timeout is looked at after each message. */
static long receive_several(struct file *f, struct user_ptr messages, u32 count, u32 flags,
                            u64 deadline_ns)
{
    u32 done = 0;
    long got = 0;
    while (done < count) {
        struct user_ptr at = user_at(messages, done * sizeof(struct linux_mmsghdr));
        got = message_receive(f, at, flags & ~(u32)MSG_WAITFORONE);
        if (got >= 0 && write_program_u32(user_at(at, offsetof(struct linux_mmsghdr, msg_len)),
                                          (u32)got))
            got = -EFAULT;
        if (got < 0)
            break;
        done++;
        if (flags & MSG_WAITFORONE)
            flags |= MSG_DONTWAIT;
        if (clock_monotonic_ns() >= deadline_ns)
            break;
    }
    if (done && got < 0 && got != -EAGAIN) /* told by the next call */
        file_socket(f)->error = (int)-got;
    return done ? (long)done : got;
}

long sys_recvmmsg(int fd, struct user_ptr messages, u32 count, u32 flags, struct user_ptr timeout)
{
    struct file *f;
    int error;
    u64 timeout_ns = NO_DEADLINE;

    if (flags & LINUX_MSG_CMSG_COMPAT)
        return -EINVAL;
    error = user_is_null(timeout) ? 0 : load_timespec(&timeout_ns, timeout);
    if (error)
        return error;
    struct socket *s = socket_of(fd, &f, &error);
    if (!s)
        return error;
    u64 deadline_ns = socket_deadline(timeout_ns, 0);
    long got = socket_take_error(s);
    if (!got)
        got = receive_several(f, messages, count, flags, deadline_ns);
    file_drop(f);
    u64 now_ns = clock_monotonic_ns();
    if (got > 0 && !user_is_null(timeout) &&
        store_timespec(timeout, deadline_ns > now_ns ? deadline_ns - now_ns : 0))
        return -EFAULT;
    return got;
}
