/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Character devices that live in the kernel: null, zero, full, random, urandom; and the terminal.
 *
 * See: null(4), full(4), random(4), tty(4)
 */
#include "files/devices.h"

#include "abi/linux/ioctl.h"
#include "abi/linux/poll.h"
#include "files/tty.h"
#include "lib/random.h"
#include "memory/page.h"
#include "memory/shared_memory.h"
#include "task/task.h"

static long read_end(unused_arg struct file *f, unused_arg struct io *io, unused_arg u64 *offset)
{
    return 0;
}

static long read_zeros(unused_arg struct file *f, struct io *io, unused_arg u64 *offset)
{
    u64 wanted = io->remaining;
    size_t n = io_put_zeros(io, wanted);
    return n || !wanted ? (long)n : -EFAULT;
}

static long write_all(unused_arg struct file *f, struct io *io, unused_arg u64 *offset)
{
    long n = (long)io->remaining;
    io->remaining = 0;
    return n;
}

static long write_full(unused_arg struct file *f, struct io *io, unused_arg u64 *offset)
{
    return io->remaining ? -ENOSPC : 0;
}

static long read_random(unused_arg struct file *f, struct io *io, unused_arg u64 *offset)
{
    u64 done = 0;
    while (io->remaining) {
        u8 bytes[256];
        size_t n = min_u64(io->remaining, sizeof(bytes));
        random_bytes(bytes, n);
        size_t moved = io_put(io, bytes, n);
        done += moved;
        if (moved < n)
            return done ? (long)done : -EFAULT;
    }
    return (long)done;
}

/* Mixes the bytes in; random(4) lets anyone do that. */
static long write_random(unused_arg struct file *f, struct io *io, unused_arg u64 *offset)
{
    u64 done = 0;
    while (io->remaining) {
        u8 bytes[256];
        size_t n = io_take(io, bytes, min_u64(io->remaining, sizeof(bytes)));
        if (n == 0)
            return done ? (long)done : -EFAULT;
        random_seed(bytes, n);
        done += n;
    }
    return (long)done;
}

static long random_ioctl(unused_arg struct file *f, u32 request, struct user_ptr argument,
                         unused_arg u64 value)
{
    return request == RNDGETENTCNT ? write_program_u32(argument, 256) : -ENOTTY;
}

/* Positions mean nothing; null(4) answers 0, as Linux's null_lseek does. */
static long seek_null(struct file *f, unused_arg s64 offset, unused_arg int whence)
{
    f->offset = 0;
    return 0;
}

static const struct file_operations null_operations = {
    .read = read_end, .write = write_all, .seek = seek_null,
};
static struct backing *zero_backing(unused_arg struct file *f) { return zero_memory(); }

static const struct file_operations zero_operations = {
    .read = read_zeros, .write = write_all, .seek = seek_null, .backing = zero_backing,
};
static const struct file_operations full_operations = {
    .read = read_zeros, .write = write_full, .seek = seek_null,
};
static const struct file_operations random_operations = {
    .read = read_random, .write = write_random, .seek = file_seek_nowhere, .ioctl = random_ioctl,
};

static const struct {
    u64 rdev;
    const struct file_operations *operations;
} memory_devices[] = {
    {DEVICE_NULL, &null_operations},     {DEVICE_ZERO, &zero_operations},
    {DEVICE_FULL, &full_operations},     {DEVICE_RANDOM, &random_operations},
    {DEVICE_URANDOM, &random_operations},
};

static int open_slave(struct file *f)
{
    u64 rdev = f->inode->rdev;
    if (device_major(rdev) != device_major(DEVICE_PTS(0)))
        return -ENXIO;
    u32 number = device_minor(rdev);
    return number == 0 && console_exists() ? console_open(f) : pty_open(f, number);
}

int device_open(struct file *f)
{
    for (unsigned n = 0; n < ARRAY_SIZE(memory_devices); n++) {
        if (memory_devices[n].rdev == f->inode->rdev) {
            f->operations = memory_devices[n].operations;
            return 0;
        }
    }
    switch (f->inode->rdev) {
    case DEVICE_TTY:
        return current_process()->terminal ? tty_attach(current_process()->terminal, f) : -ENXIO;
    case DEVICE_PTMX:
        return ptmx_open(f);
    case DEVICE_CONSOLE:
        return console_open(f);
    default:
        return open_slave(f);
    }
}

struct file *device_open_unnamed(u64 rdev, u32 flags)
{
    struct inode *i = tmpfs_create_inode(&anonymous_fs, S_IFCHR | 0620, rdev, NULL);
    if (!i)
        return NULL;
    struct file *f = file_create(NULL, i, flags);
    inode_drop(i);
    if (f && device_open(f)) {
        f->operations = NULL;
        file_drop(f);
        return NULL;
    }
    return f;
}
