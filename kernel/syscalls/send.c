/* SPDX-License-Identifier: BSD-3-Clause */
/* See send(2): sendto, sendmsg; and sendmmsg(2). */
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "syscalls/message_argument.h"

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

static int fetch_parts(struct message *m, const struct linux_msghdr *h)
{
    int error = address_load(&m->address, (struct user_ptr){h->msg_name}, h->msg_namelen);
    if (error)
        return error;
    if (h->msg_controllen > LINUX_OPTMEM_MAX)
        return -ENOBUFS;
    return ancillary_load(&m->ancillary, (struct user_ptr){h->msg_control}, h->msg_controllen);
}

static long send_message(struct file *f, struct user_ptr message, u32 flags)
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

long sys_sendmsg(int fd, struct user_ptr message, u32 flags)
{
    struct file *f;
    int error;

    if (flags & LINUX_MSG_CMSG_COMPAT)
        return -EINVAL;
    if (!socket_of(fd, &f, &error))
        return error;
    long sent = send_message(f, message, flags);
    file_drop(f);
    return sent;
}

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
        sent = send_message(f, at, flags);
        if (sent >= 0 && write_program_u32(user_at(at, offsetof(struct linux_mmsghdr, msg_len)),
                                           (u32)sent))
            sent = -EFAULT;
        if (sent < 0)
            break;
    }
    file_drop(f);
    return done ? (long)done : sent < 0 ? sent : 0;
}
