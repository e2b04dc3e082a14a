/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a signal handler finds on its stack, for both machines; layouts have machine names, so that
 * both can be checked on one host.
 *
 * Holds: x86_64: at the handler's entry rsp points to struct linux_rt_sigframe_x86_64, rsp + 8 is
 *        16-byte aligned; rdi signal, rsi &info, rdx &uc. The vector state lies above the frame,
 *        64-byte aligned, and is found through uc_mcontext.fpstate: 512 bytes of FXSAVE layout,
 *        or a whole XSAVE area when sw_reserved.magic1 says so, then followed by MAGIC2.
 *        aarch64: sp points to struct linux_rt_sigframe_aarch64, followed by a frame record
 *        (fp, lr); x0 signal, x1 &info, x2 &uc, x30 the restorer or the vDSO's sigreturn. In
 *        reserved[] stand records with a magic and a size, ended by a zero record.
 * See:   sigreturn(2), sigaction(2)
 */
#pragma once

#include <stdint.h>

#include "signal.h"

/* x86_64 */

struct linux_sigcontext_x86_64 {
    uint64_t r8;
    uint64_t r9;
    uint64_t r10;
    uint64_t r11;
    uint64_t r12;
    uint64_t r13;
    uint64_t r14;
    uint64_t r15;
    uint64_t rdi;
    uint64_t rsi;
    uint64_t rbp;
    uint64_t rbx;
    uint64_t rdx;
    uint64_t rax;
    uint64_t rcx;
    uint64_t rsp;
    uint64_t rip;
    uint64_t eflags;
    uint16_t cs;
    uint16_t gs;
    uint16_t fs;
    uint16_t ss;
    uint64_t err;
    uint64_t trapno;
    uint64_t oldmask;
    uint64_t cr2;
    uint64_t fpstate; /* address, 0: none */
    uint64_t reserved[8];
};

/* Stands in the last 48 bytes of the FXSAVE area, which the CPU leaves to software. */
struct linux_fpx_sw_bytes {
    uint32_t magic1;        /* FP_XSTATE_MAGIC1: an XSAVE area and MAGIC2 follow */
    uint32_t extended_size; /* whole area with MAGIC2 */
    uint64_t xfeatures;
    uint32_t xstate_size; /* the XSAVE area */
    uint32_t padding[7];
};
#define FP_XSTATE_MAGIC1 0x46505853U
#define FP_XSTATE_MAGIC2 0x46505845U
#define FP_XSTATE_MAGIC2_SIZE 4

struct linux_fpstate_x86_64 {
    uint16_t cwd;
    uint16_t swd;
    uint16_t twd;
    uint16_t fop;
    uint64_t rip;
    uint64_t rdp;
    uint32_t mxcsr;
    uint32_t mxcsr_mask;
    uint32_t st_space[32];
    uint32_t xmm_space[64];
    uint32_t reserved[12];
    struct linux_fpx_sw_bytes sw_reserved;
};

struct linux_ucontext_x86_64 {
    uint64_t uc_flags;
    uint64_t uc_link;
    struct linux_stack uc_stack;
    struct linux_sigcontext_x86_64 uc_mcontext;
    linux_sigset uc_sigmask;
};
#define UC_FP_XSTATE 0x1
#define UC_SIGCONTEXT_SS 0x2
#define UC_STRICT_RESTORE_SS 0x4

struct linux_rt_sigframe_x86_64 {
    uint64_t pretcode; /* return address: the restorer */
    struct linux_ucontext_x86_64 uc;
    struct linux_siginfo info;
};

/* aarch64 */

struct linux_sigcontext_aarch64 {
    uint64_t fault_address;
    uint64_t regs[31];
    uint64_t sp;
    uint64_t pc;
    uint64_t pstate;
    uint8_t reserved[4096] __attribute__((aligned(16)));
};

struct linux_aarch64_ctx {
    uint32_t magic;
    uint32_t size; /* with this head; a multiple of 16 */
};
#define FPSIMD_MAGIC 0x46508001
#define ESR_MAGIC 0x45535201
#define EXTRA_MAGIC 0x45585401
#define SVE_MAGIC 0x53564501

struct linux_fpsimd_context {
    struct linux_aarch64_ctx head;
    uint32_t fpsr;
    uint32_t fpcr;
    __extension__ unsigned __int128 vregs[32];
};

struct linux_esr_context {
    struct linux_aarch64_ctx head;
    uint64_t esr;
};

struct linux_ucontext_aarch64 {
    uint64_t uc_flags;
    uint64_t uc_link;
    struct linux_stack uc_stack;
    linux_sigset uc_sigmask;
    uint8_t unused[120]; /* room for a signal set of 1024 bits */
    struct linux_sigcontext_aarch64 uc_mcontext;
};

struct linux_rt_sigframe_aarch64 {
    struct linux_siginfo info;
    struct linux_ucontext_aarch64 uc;
};
