/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages: struct msghdr between program memory and a socket.
 *
 * See: send(2), recv(2)
 */
#include "abi/linux/errno.h"
#include "abi/linux/uio.h"
#include "net/socket.h"

#define FIELD(name) offsetof(struct linux_msghdr, name)

/* The header, checked as Linux checks it, and its buffers. io_release() follows when 0. */
static int fetch_message(struct linux_msghdr *h, struct user_ptr from, struct io *io)
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

/* --- sending --- */

static int fetch_parts(struct message *m, const struct linux_msghdr *h)
{
    int error = address_load(&m->address, (struct user_ptr){h->msg_name}, h->msg_namelen);
    if (error)
        return error;
    if (h->msg_controllen > LINUX_OPTMEM_MAX)
        return -ENOBUFS;
    return ancillary_load(&m->ancillary, (struct user_ptr){h->msg_control}, h->msg_controllen);
}

long message_send(struct file *f, struct user_ptr message, u32 flags)
{
    struct linux_msghdr h;
    struct io io;
    struct message m = {.io = &io, .flags = flags};
    long done = fetch_message(&h, message, &io);
    if (done)
        return done;
    done = fetch_parts(&m, &h);
    if (!done)
        done = socket_send(f, &m);
    ancillary_drop(&m.ancillary);
    io_release(&io);
    return done;
}

/* --- receiving --- */

/* What came beside the bytes: the sender's address, control data, flags. */
static int store_parts(struct file *f, struct message *m, struct user_ptr header,
                       const struct linux_msghdr *h)
{
    struct user_ptr control = {h->msg_control};
    u64 used = ancillary_store(file_socket(f), m, control, h->msg_controllen);
    u32 flags = (m->flags & MSG_CMSG_CLOEXEC) | m->result_flags;
    if (h->msg_name && address_store(&m->address, (struct user_ptr){h->msg_name},
                                     user_at(header, FIELD(msg_namelen))))
        return -EFAULT;
    if (write_program_u32(user_at(header, FIELD(msg_flags)), flags) ||
        write_program_u64(user_at(header, FIELD(msg_controllen)), used))
        return -EFAULT;
    return 0;
}

long message_receive(struct file *f, struct user_ptr header, u32 flags)
{
    struct linux_msghdr h;
    struct io io;
    struct message m = {.io = &io, .flags = flags};
    long got = fetch_message(&h, header, &io);
    if (got)
        return got;
    got = socket_receive(f, &m);
    if (got >= 0 && store_parts(f, &m, header, &h))
        got = -EFAULT;
    ancillary_drop(&m.ancillary);
    io_release(&io);
    return got;
}
