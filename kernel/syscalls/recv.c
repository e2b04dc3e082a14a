/* SPDX-License-Identifier: BSD-3-Clause */
/* See recv(2): recvfrom, recvmsg. */
#include "abi/linux/errno.h"
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "net/socket.h"

long sys_recvfrom(int fd, struct user_ptr buf, u64 count, u32 flags, struct user_ptr address,
                  struct user_ptr length)
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
    long got = socket_receive(f, &m);
    ancillary_drop(&m.ancillary);
    if (got >= 0 && !user_is_null(address) && address_store(&m.address, address, length))
        got = -EFAULT;
    file_drop(f);
    return got;
}

long sys_recvmsg(int fd, struct user_ptr message, u32 flags)
{
    struct file *f;
    int error;

    if (flags & LINUX_MSG_CMSG_COMPAT)
        return -EINVAL;
    if (!socket_of(fd, &f, &error))
        return error;
    long got = message_receive(f, message, flags);
    file_drop(f);
    return got;
}
