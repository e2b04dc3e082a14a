/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * See ioctl(2). What every open file understands is answered here, the rest by the file's own kind.
 */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi/linux/ioctl.h"
#include "abi_handlers.h"
#include "files/file.h"

static long set_flag(struct file *f, u32 flag, struct user_ptr argument)
{
    u32 on;
    int error = read_program_u32(&on, argument);
    if (!error)
        f->flags = on ? f->flags | flag : f->flags & ~flag;
    return error;
}

static long common(struct file *f, int fd, u32 request, struct user_ptr argument)
{
    switch (request) {
    case FIOCLEX:
        return descriptor_set_flags(fd, true);
    case FIONCLEX:
        return descriptor_set_flags(fd, false);
    case FIONBIO:
        return set_flag(f, O_NONBLOCK, argument);
    default:
        return -ENOTTY;
    }
}

long sys_ioctl(int fd, u32 request, u64 argument)
{
    struct user_ptr pointer = {argument};
    struct file *f = descriptor_file(fd);

    if (!f)
        return -EBADF;
    long result = f->flags & O_PATH ? -EBADF : common(f, fd, request, pointer);
    if (result == -ENOTTY && f->operations->ioctl)
        result = f->operations->ioctl(f, request, pointer, argument);
    file_drop(f);
    return result;
}
