/* SPDX-License-Identifier: BSD-3-Clause */
/* See pipe(2). */
#include "abi/linux/errno.h"
#include "abi/linux/fcntl.h"
#include "abi_handlers.h"
#include "files/file.h"
#include "files/pipe.h"

static long make_pipe(struct user_ptr fds, u32 flags)
{
    struct file *ends[2];
    s32 numbers[2];

    int error = pipe_create(ends, flags & ~(u32)O_CLOEXEC);
    if (error)
        return error;
    numbers[0] = descriptor_install(ends[0], 0, flags & O_CLOEXEC);
    if (numbers[0] < 0) {
        file_drop(ends[1]);
        return numbers[0];
    }
    numbers[1] = descriptor_install(ends[1], 0, flags & O_CLOEXEC);
    if (numbers[1] >= 0 && !copy_to_program(fds, numbers, sizeof(numbers)))
        return 0;
    descriptor_close(numbers[0]);
    if (numbers[1] < 0)
        return numbers[1];
    descriptor_close(numbers[1]);
    return -EFAULT;
}

long sys_pipe(struct user_ptr fds)
{
    return make_pipe(fds, 0);
}

long sys_pipe2(struct user_ptr fds, int flags)
{
    if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
        return -EINVAL;
    return make_pipe(fds, (u32)flags);
}
