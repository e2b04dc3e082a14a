/* SPDX-License-Identifier: BSD-3-Clause */
/* See send(2): sendto, sendmsg. */
#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_sendto(int fd, struct user_ptr buf, u64 count, u32 flags, struct user_ptr address,
                u32 length)
{
    struct io io;
    struct file *f;
    int error;
    struct message m = {.io = &io, .flags = flags & ~LINUX_MSG_CMSG_COMPAT};

    if (!program_address_ok(buf, min_u64(count, LINUX_MAX_RW_COUNT)))
        return -EFAULT;
    if (!socket_of(fd, &f, &error))
        return error;
    io_program(&io, buf, min_u64(count, LINUX_MAX_RW_COUNT));
    if (!user_is_null(address))
        error = address_load(&m.address, address, (s32)length);
    else
        error = 0;
    long sent = error ? error : socket_send(f, &m);
    file_drop(f);
    return sent;
}

long sys_sendmsg(int fd, struct user_ptr message, u32 flags)
{
    struct file *f;
    int error;

    if (flags & LINUX_MSG_CMSG_COMPAT)
        return -EINVAL;
    if (!socket_of(fd, &f, &error))
        return error;
    long sent = message_send(f, message, flags);
    file_drop(f);
    return sent;
}
