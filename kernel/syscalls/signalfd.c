/* SPDX-License-Identifier: BSD-3-Clause */
/* See signalfd(2). */
#include "abi/linux/errno.h"
#include "abi/linux/signal.h"
#include "abi_handlers.h"
#include "files/events.h"

/* The set of a signalfd that is already there; flags say nothing then. */
static long change(int fd, u64 wanted)
{
    struct file *f = descriptor_file(fd);
    long result = f ? -EINVAL : -EBADF;

    if (f && file_is_signalfd(f)) {
        signalfd_set(f, wanted);
        result = fd;
    }
    file_drop(f);
    return result;
}

long sys_signalfd4(int fd, struct user_ptr mask, u64 sigset_size, int flags)
{
    struct file *f;
    u64 wanted;

    if (sigset_size != LINUX_SIGSET_BYTES)
        return -EINVAL;
    if (read_program_u64(&wanted, mask))
        return -EFAULT;
    if (flags & ~(SFD_NONBLOCK | SFD_CLOEXEC))
        return -EINVAL;
    if (fd != -1)
        return change(fd, wanted);
    int error = signalfd_open(wanted, (u32)flags, &f);
    return error ? error : descriptor_install(f, 0, flags & SFD_CLOEXEC);
}

long sys_signalfd(int fd, struct user_ptr mask, u64 sigset_size)
{
    return sys_signalfd4(fd, mask, sigset_size, 0);
}
