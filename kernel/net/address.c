/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses between program memory and the kernel. See bind(2), getsockname(2). */
#include "abi/linux/errno.h"
#include "net/socket.h"

int address_load(struct socket_address *out, struct user_ptr from, s32 length)
{
    *out = (struct socket_address){0};
    if (length < 0 || length > LINUX_SOCKADDR_MAX)
        return -EINVAL;
    out->length = (u32)length;
    return length ? copy_from_program(out->bytes, from, (u32)length) : 0;
}

int address_store(const struct socket_address *a, struct user_ptr to, struct user_ptr length)
{
    u32 room;
    if (read_program_u32(&room, length))
        return -EFAULT;
    if ((s32)room < 0)
        return -EINVAL;
    u32 n = (u32)min_u64(room, a->length);
    if (n && copy_to_program(to, a->bytes, n))
        return -EFAULT;
    return write_program_u32(length, a->length);
}
