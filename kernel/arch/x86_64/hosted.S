/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The process platform's entries: host signals, and the way to the host.
 *
 * Holds:    _start; handlers of SIGSYS (a program's `syscall`), of faults, of SIGALRM; host_call.
 * Promises: the program's vector state is put back first: signal delivery resets it, and parked on
 *           the signal stack it would be overwritten by the next signal. No C code runs on the
 *           signal stack but hosted_call_in_kernel. A handler never returns to a program by
 *           rt_sigreturn; it leaves by exit.S.
 * Locking:  all handlers may nest (SA_NODEFER, empty mask). While one still is on the signal stack
 *           the host puts the next frame below; later the stack is free again. A tick that finds
 *           kernel code only marks PENDING_INTERRUPT.
 * See:      sigaction(2), prctl(2) PR_SET_SYSCALL_USER_DISPATCH; exit.S; DESIGN 3.2.
 */
#include "arch/cpu_block.h"
#include "arch/x86_64/flags.h"
#include "arch/x86_64/frame.h"
#include "arch/x86_64/frame_macros.h"
#include "arch/x86_64/segments.h"
#include "arch/x86_64/hosted_layout.h"

/* struct linux_ucontext_x86_64, struct linux_siginfo (abi/linux); asserted in trap.c. */
#define UC_R8 40
#define UC_R9 48
#define UC_R10 56
#define UC_R11 64
#define UC_R12 72
#define UC_R13 80
#define UC_R14 88
#define UC_R15 96
#define UC_RDI 104
#define UC_RSI 112
#define UC_RBP 120
#define UC_RBX 128
#define UC_RDX 136
#define UC_RAX 144
#define UC_RCX 152
#define UC_RSP 160
#define UC_RIP 168
#define UC_FLAGS 176
#define UC_ERROR 192
#define UC_TRAP 200
#define UC_CR2 216
#define UC_FPSTATE 224
#define INFO_CODE 8

#define KERNEL_IMAGE_BYTES 0x4000000 /* link.lds: the image is smaller */

#define HOST_RT_SIGRETURN 15
#define HOST_CLONE 56

    .section .text.hosted, "ax", @progbits

/* From execve(2). */
    .globl _start
    .type _start, @function
_start:
    movq %rsp, %rdi
    xorl %ebp, %ebp
    andq $-16, %rsp
    callq host_start
    ud2
    .size _start, . - _start

/* Vector state from the signal frame. %rbx: ucontext. Uses rax, rcx, rdx. Kernel code wants the
 * flags that `syscall` and interrupts clear on vm; signal delivery leaves NT and AC alone. */
.macro RESTORE_VECTOR_STATE
    movq UC_FPSTATE(%rbx), %rcx
    movl $-1, %eax
    movl $-1, %edx
    xrstor64 (%rcx)
    testl $(RFLAGS_NT | RFLAGS_AC), UC_FLAGS(%rbx)
    jz 7776f
    pushq $RFLAGS_FIXED
    popfq
7776:
.endm

.macro COPY_REGISTER from, to
    movq \from(%rbx), %rax
    movq %rax, \to(%rcx)
.endm

/* %rbx: ucontext -> the trap frame at %rcx, call_number from %rdx; then rsp moves there, and not
 * before: as soon as it is off the signal stack the next signal overwrites the ucontext.
 * Uses rax. */
.macro FILL_FRAME
    COPY_REGISTER UC_R15, FRAME_R15
    COPY_REGISTER UC_R14, FRAME_R14
    COPY_REGISTER UC_R13, FRAME_R13
    COPY_REGISTER UC_R12, FRAME_R12
    COPY_REGISTER UC_RBP, FRAME_RBP
    COPY_REGISTER UC_RBX, FRAME_RBX
    COPY_REGISTER UC_R11, FRAME_R11
    COPY_REGISTER UC_R10, FRAME_R10
    COPY_REGISTER UC_R9, FRAME_R9
    COPY_REGISTER UC_R8, FRAME_R8
    COPY_REGISTER UC_RCX, FRAME_RCX
    COPY_REGISTER UC_RDX, FRAME_RDX
    COPY_REGISTER UC_RSI, FRAME_RSI
    COPY_REGISTER UC_RDI, FRAME_RDI
    COPY_REGISTER UC_RIP, FRAME_RIP
    COPY_REGISTER UC_FLAGS, FRAME_RFLAGS
    COPY_REGISTER UC_RSP, FRAME_RSP
    COPY_REGISTER UC_RAX, FRAME_RAX
    movq $LINUX_PROGRAM_CS, FRAME_CS(%rcx)
    movq $LINUX_PROGRAM_SS, FRAME_SS(%rcx)
    movq %rdx, FRAME_CALL(%rcx)
    movq %rcx, %rsp
.endm

/* Jumps to \label when %rbx's context is kernel code: its pc is, or it is a function of the host's
 * vDSO that the kernel called. Uses rax, rcx. */
.macro IF_KERNEL label
    movabsq $HOST_WINDOW, %rcx
    movq UC_RIP(%rbx), %rax
    subq %rcx, %rax
    cmpq $KERNEL_IMAGE_BYTES, %rax
    jb \label
    cmpl $0, cpu_block + CPU_IN_HOST(%rip)
    jne \label
.endm

/* Goes on when %rbx's pc is on the way out of the kernel, else jumps to \label. Uses rax, rcx. */
.macro IF_LEAVING else
    movq UC_RIP(%rbx), %rax
    leaq arch_exit_range(%rip), %rcx
    cmpq %rcx, %rax
    jb \else
    leaq arch_exit_range_end(%rip), %rcx
    cmpq %rcx, %rax
    jae \else
.endm

/* The thread's frame, whole until the program runs again: what was loaded of it is thrown away. On
 * the way out of a direct door a part is still in registers. Uses rax, rcx, rdx. */
.macro TAKE_FRAME_BACK
    movq cpu_block + CPU_KERNEL_SP(%rip), %rcx
    subq $FRAME_BYTES, %rcx
    movq UC_RIP(%rbx), %rax
    leaq arch_exit_direct_range(%rip), %rdx
    cmpq %rdx, %rax
    jb 7777f
    leaq arch_exit_direct_range_end(%rip), %rdx
    cmpq %rdx, %rax
    jae 7777f
    leaq arch_exit_jump(%rip), %rdx
    cmpq %rdx, %rax
    movq $DOOR_CALL, FRAME_CS(%rcx)
    jb 7776f
    movq $DOOR_JUMP, FRAME_CS(%rcx)
7776:
    COPY_REGISTER UC_RBX, FRAME_RBX
    COPY_REGISTER UC_R12, FRAME_R12
    COPY_REGISTER UC_R13, FRAME_R13
    COPY_REGISTER UC_R14, FRAME_R14
    COPY_REGISTER UC_R15, FRAME_R15
    movq FRAME_RIP(%rcx), %rax
    movq %rax, FRAME_RCX(%rcx)
    movq FRAME_RFLAGS(%rcx), %rax
    movq %rax, FRAME_R11(%rcx)
7777:
    movq %rcx, %rsp
    ENTER_KERNEL
.endm

/* SIGSYS. rdi signal, rsi siginfo, rdx ucontext. */
    .globl hosted_on_call
    .type hosted_on_call, @function
hosted_on_call:
    cmpl $0, INFO_CODE(%rsi)
    jle 1f                    /* sent by kill(2): not ours */
    movq %rdx, %rbx
    RESTORE_VECTOR_STATE
    cmpl $0, cpu_block + CPU_IN_HOST(%rip)
    jne 2f
    movq cpu_block + CPU_KERNEL_SP(%rip), %rcx
    subq $FRAME_BYTES, %rcx
    movq UC_RAX(%rbx), %rdx
    FILL_FRAME
    ENTER_KERNEL
    movq FRAME_RBX(%rsp), %rbx /* the hot exit loads none that C functions keep */
    movq %rsp, %rdi
    xorl %ebp, %ebp
    callq on_syscall
    jmp arch_exit
1:  ret
2:  /* Kernel code: its vector state is the program's, which rt_sigreturn will put back again. */
    movq %rsp, %rbp
    andq $-16, %rsp
    movq %rbx, %rdi
    callq hosted_call_in_kernel
    movq %rbp, %rsp
    ret
    .size hosted_on_call, . - hosted_on_call

/* SIGALRM. */
    .globl hosted_on_tick
    .type hosted_on_tick, @function
hosted_on_tick:
    movq %rdx, %rbx
    IF_KERNEL 1f
    RESTORE_VECTOR_STATE
    movq cpu_block + CPU_KERNEL_SP(%rip), %rcx
    subq $FRAME_BYTES, %rcx
    movq $NO_CALL_WORD, %rdx
    FILL_FRAME
    ENTER_KERNEL
    movq %rsp, %rdi
    xorl %ebp, %ebp
    callq hosted_interrupt
    jmp arch_exit_full
1:  movabsq $(HOST_PRIVATE_AT + HOST_PRIVATE_WAITING), %rcx
    cmpl $0, (%rcx)
    jne 2f                    /* without the baton: the CPU is another task's */
    lock
    orl $PENDING_INTERRUPT, cpu_block + CPU_PENDING(%rip)
    IF_LEAVING 2f
    RESTORE_VECTOR_STATE
    TAKE_FRAME_BACK
    jmp arch_exit_full
2:  ret
    .size hosted_on_tick, . - hosted_on_tick
    .set NO_CALL_WORD, -1

/* SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP. */
    .globl hosted_on_fault
    .type hosted_on_fault, @function
hosted_on_fault:
    cmpl $0, INFO_CODE(%rsi)
    jle 1f                    /* sent by kill(2) */
    movq %rdx, %rbx
    movl INFO_CODE(%rsi), %esi
    shlq $32, %rsi
    movl %edi, %r12d
    orq %rsi, %r12            /* signal and code */
    movq UC_TRAP(%rbx), %r13
    movq UC_ERROR(%rbx), %r14
    movq UC_CR2(%rbx), %r15
    RESTORE_VECTOR_STATE
    IF_KERNEL 2f
    movq cpu_block + CPU_KERNEL_SP(%rip), %rcx
    subq $FRAME_BYTES, %rcx
    movq $NO_CALL_WORD, %rdx
    FILL_FRAME
    ENTER_KERNEL
    xorl %ebp, %ebp
    callq call_fault
    jmp arch_exit_full
1:  ret
2:  IF_LEAVING 3f
    /* The frame cannot be resumed (a pc that no address space has): the program's fault. */
    TAKE_FRAME_BACK
    movq $NO_CALL_WORD, FRAME_CALL(%rsp)
    callq call_fault
    jmp arch_exit_full
3:  movq UC_RIP(%rbx), %rax
    leaq arch_door_range(%rip), %rcx
    cmpq %rcx, %rax
    jb 7f
    leaq arch_door_range_end(%rip), %rcx
    cmpq %rcx, %rax
    jb 6f
7:  /* Kernel code: below its own stack. If that is not a kernel stack, the door is broken. */
    movq UC_RSP(%rbx), %rax
    shrq $44, %rax            /* HOST_RANGE is 2^44 bytes at 2 * 2^44 */
    cmpq $2, %rax
    jne 5f
    movq UC_RSP(%rbx), %rcx
    subq $(FRAME_BYTES + 16), %rcx
    andq $-16, %rcx
    movq $NO_CALL_WORD, %rdx
    movq UC_RBP(%rbx), %rbp   /* backtraces go on into what was interrupted */
    FILL_FRAME
    callq call_fault
    jmp resume_in_place
5:  movq UC_RIP(%rbx), %rdi
    movq %r15, %rsi
    callq hosted_lost
6:  /* A single step into a direct door: the call is made from here. */
    movq cpu_block + CPU_KERNEL_SP(%rip), %rcx
    subq $FRAME_BYTES, %rcx
    movq $NO_CALL_WORD, %rdx
    FILL_FRAME
    ENTER_KERNEL
    movq %rsp, %rdi
    xorl %ebp, %ebp
    callq hosted_door_step
    jmp arch_exit_full
    .size hosted_on_fault, . - hosted_on_fault

call_fault:
    leaq 8(%rsp), %rdi
    movq %r12, %rsi
    movq %r13, %rdx
    movq %r14, %rcx
    movq %r15, %r8
    jmp hosted_fault

/* rsp: a frame of interrupted kernel code. exit.S is for threads' frames only. */
resume_in_place:
    LEAVE_BY_FRAME

    .globl hosted_restorer
    .type hosted_restorer, @function
hosted_restorer:
    movl $HOST_RT_SIGRETURN, %eax
    syscall
    ud2
    .size hosted_restorer, . - hosted_restorer

/* long host_call(number, a, b, c, d, e, f) */
    .globl host_call
    .type host_call, @function
host_call:
    movq %rdi, %rax
    movq %rsi, %rdi
    movq %rdx, %rsi
    movq %rcx, %rdx
    movq %r8, %r10
    movq %r9, %r8
    movq 8(%rsp), %r9
    syscall
    ret
    .size host_call, . - host_call

/* long hosted_clone(flags, stack_top, entry, argument, pid) */
    .globl hosted_clone
    .type hosted_clone, @function
hosted_clone:
    movq %rcx, %r9            /* clone(2) uses r8 with CLONE_SETTLS only, r9 never */
    xchgq %rdx, %r8           /* rdx: CLONE_PARENT_SETTID's pointer */
    andq $-16, %rsi
    xorl %r10d, %r10d
    movl $HOST_CLONE, %eax
    syscall
    testq %rax, %rax
    jz 1f
    ret
1:  andq $-16, %rsp
    xorl %ebp, %ebp
    movq %r9, %rdi
    callq *%r8
    ud2
    .size hosted_clone, . - hosted_clone

/* void hosted_leave(u64 *sp, stack_top, next, argument) */
    .globl hosted_leave
    .type hosted_leave, @function
hosted_leave:
    PUSH_KEPT_REGISTERS
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    andq $-16, %rsp
    xorl %ebp, %ebp
    movq %rcx, %rdi
    callq *%rdx
    ud2
    .size hosted_leave, . - hosted_leave

/* void hosted_enter(u64 sp) */
    .globl hosted_enter
    .type hosted_enter, @function
hosted_enter:
    movq %rdi, %rsp
    POP_KEPT_REGISTERS
    ret
    .size hosted_enter, . - hosted_enter

/* void hosted_checkpoint(void): hosted_enter of what hosted_checkpoint_at was told returns here. */
    .globl hosted_checkpoint
    .type hosted_checkpoint, @function
hosted_checkpoint:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    subq $8, %rsp
    callq hosted_checkpoint_at
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size hosted_checkpoint, . - hosted_checkpoint

    .section .bss.hosted, "aw", @nobits
    .balign 16
    .skip 65536
    .globl host_boot_stack_end
host_boot_stack_end:

    .section .note.GNU-stack, "", @progbits
