/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The trap door where programs run at ring 0: `syscall` brings us here (IA32_LSTAR).
 *
 * Holds:    the entry; the way out is exit.S.
 * Promises: nothing is written to the program's stack; the frame is complete. rcx holds the return
 *           address and r11 the flags, as the instruction leaves them.
 * Locking:  interrupts stay on. Until rsp is on the kernel stack the program's rsp stands in
 *           cpu_block.scratch; an interrupt here only marks (bare_vectors.S), so it is safe.
 */
#include "arch/cpu_block.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/frame_macros.h"
#include "arch/x86_64/segments.h"

    .section .text.trap, "ax", @progbits

    .globl arch_trap_entry
    .type arch_trap_entry, @function
arch_trap_entry:
    movq %rsp, cpu_block + CPU_SCRATCH(%rip)
    movq cpu_block + CPU_KERNEL_SP(%rip), %rsp
    pushq $SELECTOR_KERNEL_DATA
    pushq cpu_block + CPU_SCRATCH(%rip)
    pushq %r11
    pushq $SELECTOR_KERNEL_CODE
    pushq %rcx
    pushq %rax                /* call_number */
    pushq %rdi
    PUSH_REGISTERS_BELOW_RDI
    movq %rsp, %rdi
    xorl %ebp, %ebp           /* ends backtraces */
    callq on_syscall
    jmp arch_exit
    .size arch_trap_entry, . - arch_trap_entry

    .section .note.GNU-stack, "", @progbits
