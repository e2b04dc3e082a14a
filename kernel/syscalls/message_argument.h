/* SPDX-License-Identifier: BSD-3-Clause */
/* A struct msghdr argument. See send(2), recv(2). */
#pragma once

#include "abi/linux/errno.h"
#include "abi/linux/uio.h"
#include "net/socket.h"

/* The header, checked as Linux checks it, and its buffers. io_release() follows when 0. */
static inline int fetch_message(struct linux_msghdr *h, struct user_ptr from, struct io *io)
{
    if (copy_from_program(h, from, sizeof(*h)))
        return -EFAULT;
    if (!h->msg_name)
        h->msg_namelen = 0;
    if (h->msg_namelen < 0)
        return -EINVAL;
    if (h->msg_namelen > LINUX_SOCKADDR_MAX)
        h->msg_namelen = LINUX_SOCKADDR_MAX;
    if (h->msg_iovlen > UIO_MAXIOV)
        return -EMSGSIZE;
    return io_vector(io, (struct user_ptr){h->msg_iov}, h->msg_iovlen);
}
