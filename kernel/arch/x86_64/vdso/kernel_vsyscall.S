/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    __kernel_vsyscall: a system call by `call`, with registers as for `syscall`.
 * Promises: keeps everything but rax, rcx and r11, the flags and the red zone included: the return
 *           address leaves the stack before the kernel is entered, so a child on a new stack, or
 *           one that shares the stack (vfork), returns as from `syscall`.
 * See:      DESIGN 3.2; arch/x86_64/direct_call.S, which this jumps to
 */
#include "arch/vdso_data.h"

    .section .text.kernel_vsyscall, "ax", @progbits
    .hidden __ehdr_start

    .balign 32
    .globl __kernel_vsyscall
    .type __kernel_vsyscall, @function
__kernel_vsyscall:
    .cfi_startproc
    popq %rcx
    .cfi_def_cfa_offset 0
    .cfi_register %rip, %rcx
/* A call that is made once more after a signal begins here. */
    .globl elfin_kernel_vsyscall_again
    .hidden elfin_kernel_vsyscall_again
elfin_kernel_vsyscall_again:
    jmp *__ehdr_start - VDSO_DATA_BYTES + VDSO_KERNEL_ENTRY(%rip)
    .cfi_endproc
    .size __kernel_vsyscall, . - __kernel_vsyscall

    .section .note.GNU-stack, "", @progbits
