/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals: numbers, actions, siginfo, alternate stacks. The frame on the program's stack is in
 * sigframe.h.
 *
 * Holds: facts; x86_64 and aarch64 agree.
 * See:   signal(7), sigaction(2), sigaltstack(2)
 */
#pragma once

#include <stdint.h>

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGIOT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPOLL SIGIO
#define SIGPWR 30
#define SIGSYS 31
#define LINUX_SIGRTMIN 32 /* the kernel's; libcs keep the first two or three for themselves */
#define LINUX_NSIG 64
#define LINUX_SIGSET_BYTES 8

/* A signal set: bit n - 1 is signal n. */
typedef uint64_t linux_sigset;
#define LINUX_SIGMASK(n) (UINT64_C(1) << ((n) - 1))

#define SIG_DFL 0UL
#define SIG_IGN 1UL
#define SIG_ERR (~0UL)

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 0x00000001
#define SA_NOCLDWAIT 0x00000002
#define SA_SIGINFO 0x00000004
#define SA_UNSUPPORTED 0x00000400
#define SA_EXPOSE_TAGBITS 0x00000800
#define SA_RESTORER 0x04000000
#define SA_ONSTACK 0x08000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000

/* What rt_sigaction reads and stores (libc's own struct is different). */
struct linux_sigaction {
    uint64_t handler; /* address, SIG_DFL or SIG_IGN */
    uint64_t flags;
    uint64_t restorer;
    linux_sigset mask;
};

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM (1U << 31)
#if defined(__aarch64__)
#define MINSIGSTKSZ 5120
#define SIGSTKSZ 16384
#else
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192
#endif

struct linux_stack {
    uint64_t ss_sp;
    int32_t ss_flags;
    int32_t padding;
    uint64_t ss_size;
};

union linux_sigval {
    int32_t sival_int;
    uint64_t sival_ptr;
};

/* 128 bytes; the part in use depends on si_signo and si_code. */
struct linux_siginfo {
    int32_t si_signo;
    int32_t si_errno;
    int32_t si_code;
    int32_t padding;
    union {
        struct { /* SI_USER, SI_TKILL, and queued signals */
            int32_t si_pid;
            uint32_t si_uid;
            union linux_sigval si_value;
        } sent;
        struct { /* SI_TIMER */
            int32_t si_tid;
            int32_t si_overrun;
            union linux_sigval si_value;
            int32_t si_sys_private;
        } timer;
        struct { /* SIGCHLD */
            int32_t si_pid;
            uint32_t si_uid;
            int32_t si_status;
            int32_t padding;
            int64_t si_utime;
            int64_t si_stime;
        } child;
        struct { /* SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP */
            uint64_t si_addr;
            int16_t si_addr_lsb;
            int16_t padding[3];
            uint64_t si_lower;
            uint64_t si_upper;
        } fault;
        struct { /* SIGIO */
            int64_t si_band;
            int32_t si_fd;
        } poll;
        struct { /* SIGSYS */
            uint64_t si_call_addr;
            int32_t si_syscall;
            uint32_t si_arch;
        } call;
        uint8_t bytes[112];
    };
};

#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_MESGQ (-3)
#define SI_ASYNCIO (-4)
#define SI_SIGIO (-5)
#define SI_TKILL (-6)

#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define ILL_ILLADR 3
#define ILL_ILLTRP 4
#define ILL_PRVOPC 5
#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define FPE_FLTSUB 8
#define FPE_FLTUNK 14
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define BUS_OBJERR 3
#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6
#define POLL_IN 1
#define POLL_OUT 2
#define POLL_HUP 6

/* sigevent of timer_create and mq_notify */
#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4

struct linux_sigevent {
    union linux_sigval sigev_value;
    int32_t sigev_signo;
    int32_t sigev_notify;
    int32_t sigev_tid;
    int32_t padding[11];
};

/* signalfd */
#define SFD_NONBLOCK 00004000
#define SFD_CLOEXEC 02000000

struct linux_signalfd_siginfo {
    uint32_t ssi_signo;
    int32_t ssi_errno;
    int32_t ssi_code;
    uint32_t ssi_pid;
    uint32_t ssi_uid;
    int32_t ssi_fd;
    uint32_t ssi_tid;
    uint32_t ssi_band;
    uint32_t ssi_overrun;
    uint32_t ssi_trapno;
    int32_t ssi_status;
    int32_t ssi_int;
    uint64_t ssi_ptr;
    uint64_t ssi_utime;
    uint64_t ssi_stime;
    uint64_t ssi_addr;
    uint16_t ssi_addr_lsb;
    uint16_t padding;
    int32_t ssi_syscall;
    uint64_t ssi_call_addr;
    uint32_t ssi_arch;
    uint8_t reserved[28];
};
