/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting for the next interrupt.
 * Promises: an interrupt between the look at the pending bit and the wait ends the wait at once.
 */
#include "arch/cpu_block.h"
#include "platform/vm/vm.h"

void platform_idle(u64 deadline_ns)
{
    struct cpu_block *cpu = this_cpu();
    u64 start_ns = platform_monotonic_ns();

    vm_timer_idle(deadline_ns);
    bare_interrupts_off();
    if (!(cpu->pending & PENDING_INTERRUPT))
        bare_interrupts_wait();
    cpu->pending &= ~(u32)PENDING_INTERRUPT;
    bare_interrupts_on();
    vm_account_idle(platform_monotonic_ns() - start_ns);
}
