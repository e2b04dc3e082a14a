/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:   fs and gs base through FSGSBASE instructions, at any privilege.
 * Refuses: CPUs without them; platforms check at their start (QEMU has them since 2.x with
 *          -cpu max or host, Linux hands them to processes since 5.9).
 */
#include "arch/arch.h"

u64 arch_thread_pointer(void)
{
    u64 value;
    __asm__ volatile("rdfsbase %0" : "=r"(value));
    return value;
}

void arch_set_thread_pointer(u64 value)
{
    __asm__ volatile("wrfsbase %0" : : "r"(value));
}

u64 arch_gs_base(void)
{
    u64 value;
    __asm__ volatile("rdgsbase %0" : "=r"(value));
    return value;
}

void arch_set_gs_base(u64 value)
{
    __asm__ volatile("wrgsbase %0" : : "r"(value));
}
