/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: TPIDR_EL0, the register that libcs keep their thread's address in. */
#include "arch/arch.h"

u64 arch_thread_pointer(void)
{
    u64 value;
    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(value));
    return value;
}

void arch_set_thread_pointer(u64 value)
{
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(value));
}

u64 arch_gs_base(void)
{
    return 0;
}

void arch_set_gs_base(unused_arg u64 value)
{
}
