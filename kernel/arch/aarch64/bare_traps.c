/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the vectors to the calls up. See arch/upcalls.h, faults.h.
 */
#include "arch/aarch64/bare_traps.h"
#include "arch/aarch64/faults.h"
#include "arch/upcalls.h"
#include "lib/log.h"

void bare_program_fault(struct trap_frame *frame, u64 esr, u64 far)
{
    struct fault f = fault_from_syndrome(esr, far);
    on_fault(frame, &f);
}

void bare_kernel_fault(struct trap_frame *frame, u64 esr, u64 far)
{
    struct fault f = fault_from_syndrome(esr, far);
    f.from_kernel = true;
    on_fault(frame, &f);
}

void bare_program_interrupt(struct trap_frame *frame)
{
    bare_acknowledge_all();
    on_interrupt(frame);
}

noreturn_fn void bare_unexpected(const struct trap_frame *frame, u64 esr, u64 far)
{
    static char text[1024];

    arch_describe_frame(frame, text, sizeof(text));
    panic("unexpected exception: esr %lx far %lx\n%s", esr, far, text);
}
