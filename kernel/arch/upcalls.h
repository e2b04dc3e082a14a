/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The four ways up: what arch and platform call in rooms above them. Each is called on a thread's
 * kernel stack (on_start: on the boot stack), never on an interrupt or signal stack, with the
 * kernel's own privileges, and never while another of them runs on the same stack, except
 * on_fault for a fault hit by kernel code that touches program memory.
 */
#pragma once

#include "arch/arch.h"

/* boot: the platform has made the machine as platform.h promises. */
noreturn_fn void on_start(void);

/* shim: a door was used. The frame is complete; the result is in it on return.
 * true: leave by arch_resume (the frame was changed: signal, sigreturn, exec); false: hot exit. */
bool on_syscall(struct trap_frame *frame);

/* shim: a direct door was used, with these arguments. The thread's frame has no rcx, r11 and none of the registers that C functions
 * keep. true: the call wants them; complete the frame and call on_syscall. Else the result is in
 * the frame; when anything is pending, complete it and call on_direct_finish, whose answer is
 * on_syscall's. */
bool on_direct_call(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);
bool on_direct_jump(u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5);
bool on_direct_finish(struct trap_frame *frame);

enum fault_kind {
    FAULT_PAGE,        /* address, access below */
    FAULT_GENERAL,     /* #GP and kin: SIGSEGV with SI_KERNEL */
    FAULT_INVALID,     /* #UD: SIGILL */
    FAULT_DIVIDE,      /* SIGFPE FPE_INTDIV */
    FAULT_FLOAT,       /* SIGFPE, code from the unit's status */
    FAULT_BREAKPOINT,  /* int3 / brk: SIGTRAP */
    FAULT_DEBUG,       /* single step: SIGTRAP */
    FAULT_ALIGNMENT,   /* SIGBUS BUS_ADRALN */
    FAULT_BUS,         /* SIGBUS BUS_ADRERR: beyond the end of a file (host said so) */
    FAULT_PRIVILEGED,  /* a patched hlt: SIGSEGV SI_KERNEL at the site, as at CPL 3 */
};

enum fault_access { FAULT_READ = 1, FAULT_WRITE = 2, FAULT_EXECUTE = 4 };

struct fault {
    enum fault_kind kind;
    u64 address;             /* FAULT_PAGE, FAULT_BUS, FAULT_ALIGNMENT */
    u32 access;              /* enum fault_access bits */
    int signal_code;         /* FAULT_FLOAT, FAULT_INVALID, FAULT_BREAKPOINT: si_code; else 0 */
    u64 trap_number, error_code; /* as the CPU gives them, for sigcontext */
    bool from_kernel;        /* the pc is in kernel code */
};

/* task: page faults, and exceptions that become signals. Returns when the frame may be resumed
 * (possibly changed). */
void on_fault(struct trap_frame *frame, const struct fault *fault);

/* devices: polls devices, then task_after_interrupt(frame) (timers, preemption, signals).
 * frame: the interrupted program's, on its kernel stack; resume it by arch_resume afterwards.
 * NULL: idle, or an interrupt that had been left pending and is now worked off by task/.
 * Never called when kernel code was interrupted: then the platform only sets PENDING_INTERRUPT,
 * and task_before_return (called by on_syscall and on_fault) comes here. */
void on_interrupt(struct trap_frame *frame);
