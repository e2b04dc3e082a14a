/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside arch/aarch64: from bare_vectors.S to C. */
#pragma once

#include "arch/arch.h"

void bare_program_fault(struct trap_frame *frame, u64 esr, u64 far);
void bare_kernel_fault(struct trap_frame *frame, u64 esr, u64 far);
void bare_program_interrupt(struct trap_frame *frame);
noreturn_fn void bare_unexpected(const struct trap_frame *frame, u64 esr, u64 far);
/* bare_interrupts.c: everything the controller has pending. */
void bare_acknowledge_all(void);
