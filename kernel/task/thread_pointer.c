/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: nothing; the bases are in the CPU while the thread runs. See arch_prctl(2). */
#include "task/thread_pointer.h"

#include "abi/linux/errno.h"
#include "arch/arch.h"
#include "platform/platform.h"

static bool in_program_space(u64 address) { return address < platform_traits()->program_end; }

u64 thread_pointer_get(void) { return arch_thread_pointer(); }
u64 thread_gs_get(void) { return arch_gs_base(); }

int thread_pointer_set(u64 address)
{
    if (!in_program_space(address))
        return -EPERM;
    arch_set_thread_pointer(address);
    return 0;
}

int thread_gs_set(u64 address)
{
    if (!in_program_space(address))
        return -EPERM;
    arch_set_gs_base(address);
    return 0;
}
