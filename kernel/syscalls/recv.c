/* SPDX-License-Identifier: BSD-3-Clause */
/* See recv(2): recvfrom, recvmsg; and recvmmsg(2). */
#include "abi/linux/limits.h"
#include "abi_handlers.h"
#include "syscalls/message_argument.h"
#include "time/convert.h"
#include "time/timer.h"

#define FIELD(name) offsetof(struct linux_msghdr, name)

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

static long receive_message(struct file *f, struct user_ptr header, u32 flags)
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

long sys_recvmsg(int fd, struct user_ptr message, u32 flags)
{
    struct file *f;
    int error;

    if (flags & LINUX_MSG_CMSG_COMPAT)
        return -EINVAL;
    if (!socket_of(fd, &f, &error))
        return error;
    long got = receive_message(f, message, flags);
    file_drop(f);
    return got;
}

/* recvmmsg(2): the timeout is looked at after each message. */
static long receive_several(struct file *f, struct user_ptr messages, u32 count, u32 flags,
                            u64 deadline_ns)
{
    u32 done = 0;
    long got = 0;
    while (done < count) {
        struct user_ptr at = user_at(messages, done * sizeof(struct linux_mmsghdr));
        got = receive_message(f, at, flags & ~(u32)MSG_WAITFORONE);
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
