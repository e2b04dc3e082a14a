/* SPDX-License-Identifier: BSD-3-Clause */
/* See sendmmsg(2). */
#include "abi/linux/errno.h"
#include "abi/linux/uio.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_sendmmsg(int fd, struct user_ptr messages, u32 count, u32 flags)
{
    struct file *f;
    int error;
    u32 done = 0;
    long sent = 0;

    if (flags & LINUX_MSG_CMSG_COMPAT)
        return -EINVAL;
    if (!socket_of(fd, &f, &error))
        return error;
    for (; done < count && done < UIO_MAXIOV; done++) {
        struct user_ptr at = user_at(messages, done * sizeof(struct linux_mmsghdr));
        sent = message_send(f, at, flags);
        if (sent >= 0 && write_program_u32(user_at(at, offsetof(struct linux_mmsghdr, msg_len)),
                                           (u32)sent))
            sent = -EFAULT;
        if (sent < 0)
            break;
    }
    file_drop(f);
    return done ? (long)done : sent < 0 ? sent : 0;
}
