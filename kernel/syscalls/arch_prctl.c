/* SPDX-License-Identifier: BSD-3-Clause */
/* See arch_prctl(2). Only x86_64 has a row for it. */
#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "task/thread_pointer.h"

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

long sys_arch_prctl(int code, u64 address)
{
    struct user_ptr out = {address};

    switch (code) {
    case ARCH_SET_FS:
        return thread_pointer_set(address);
    case ARCH_SET_GS:
        return thread_gs_set(address);
    case ARCH_GET_FS:
        return write_program_u64(out, thread_pointer_get());
    case ARCH_GET_GS:
        return write_program_u64(out, thread_gs_get());
    default:
        return -EINVAL;
    }
}
