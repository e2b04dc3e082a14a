/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See readv(2): readv, writev, preadv, pwritev and the two with flags. The offset comes in two
 * halves; on 64-bit machines the first holds all of it.
 */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/uio.h"
#include "abi_handlers.h"
#include "files/file.h"

#define KNOWN_FLAGS                                                                                \
    (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND | RWF_NOAPPEND)

struct transfer {
    int fd;
    struct user_ptr iov;
    int count;
    u64 *offset;                 /* NULL: the file's own */
    int flags;                   /* RWF_* */
    bool writes;
};

/* Flags hold for this call only: the open file has them while the call runs. */
static long run_with_flags(struct file *f, struct io *io, const struct transfer *t)
{
    u32 kept = f->flags;
    if (t->flags & RWF_APPEND)
        f->flags |= O_APPEND;
    if (t->flags & RWF_NOAPPEND)
        f->flags &= ~(u32)O_APPEND;
    if (t->flags & RWF_NOWAIT)
        f->flags |= O_NONBLOCK;
    long done = t->writes ? file_write(f, io, t->offset) : file_read(f, io, t->offset);
    u32 changed = O_APPEND | O_NONBLOCK;
    f->flags = (f->flags & ~changed) | (kept & changed);
    return done;
}

static long run(const struct transfer *t)
{
    struct io io;
    struct file *f = descriptor_file(t->fd);
    if (!f)
        return -EBADF;
    long done = t->writes ? file_check_write(f, t->offset) : file_check_read(f, t->offset);
    if (!done)
        done = t->count < 0 ? -EINVAL : io_vector(&io, t->iov, (u64)t->count);
    if (!done) {
        bool plain = !(t->flags & (RWF_APPEND | RWF_NOAPPEND | RWF_NOWAIT));
        if (!io.remaining)
            done = 0;
        else if (plain)
            done = t->writes ? file_write(f, &io, t->offset) : file_read(f, &io, t->offset);
        else
            done = run_with_flags(f, &io, t);
        io_release(&io);
    }
    file_drop(f);
    return done;
}

static long run_at(struct transfer *t, u64 offset)
{
    if ((s64)offset < 0)
        return -EINVAL;
    t->offset = &offset;
    return run(t);
}

/* preadv2(2): offset -1 is the file's own. */
static long run_with(struct transfer *t, u64 offset, int flags)
{
    if (flags & ~KNOWN_FLAGS)
        return -EOPNOTSUPP;
    if ((flags & RWF_APPEND) && (flags & RWF_NOAPPEND))
        return -EINVAL;
    t->flags = flags;
    return (s64)offset == -1 ? run(t) : run_at(t, offset);
}

long sys_readv(int fd, struct user_ptr iov, int iovcnt)
{
    return run(&(struct transfer){.fd = fd, .iov = iov, .count = iovcnt});
}

long sys_writev(int fd, struct user_ptr iov, int iovcnt)
{
    return run(&(struct transfer){.fd = fd, .iov = iov, .count = iovcnt, .writes = true});
}

long sys_preadv(int fd, struct user_ptr iov, int iovcnt, u64 offset_low, unused_arg u64 offset_high)
{
    struct transfer t = {.fd = fd, .iov = iov, .count = iovcnt};

    return run_at(&t, offset_low);
}

long sys_pwritev(int fd, struct user_ptr iov, int iovcnt, u64 offset_low,
                 unused_arg u64 offset_high)
{
    struct transfer t = {.fd = fd, .iov = iov, .count = iovcnt, .writes = true};

    return run_at(&t, offset_low);
}

long sys_preadv2(int fd, struct user_ptr iov, int iovcnt, u64 offset_low,
                 unused_arg u64 offset_high, int flags)
{
    struct transfer t = {.fd = fd, .iov = iov, .count = iovcnt};

    return run_with(&t, offset_low, flags);
}

long sys_pwritev2(int fd, struct user_ptr iov, int iovcnt, u64 offset_low,
                  unused_arg u64 offset_high, int flags)
{
    struct transfer t = {.fd = fd, .iov = iov, .count = iovcnt, .writes = true};

    return run_with(&t, offset_low, flags);
}
