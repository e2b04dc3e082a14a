/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls to the host, by number (x86_64: the process platform is offered nowhere else), with the
 * constants that no abi/linux header has because Elfin's own programs do not need them.
 * Results are the host kernel's: >= 0, or -errno.
 */
#pragma once

#include "lib/types.h"

/* arch/x86_64/hosted.S: the only instruction that reaches the host. */
long host_call(long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f);

#define HOST_CALL_6(n, a, b, c, d, e, f, ...)                                                      \
    host_call(n, (u64)(a), (u64)(b), (u64)(c), (u64)(d), (u64)(e), (u64)(f))
/* host(HOST_close, fd): missing arguments are 0. */
#define host(...) HOST_CALL_6(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#define HOST_read 0
#define HOST_write 1
#define HOST_close 3
#define HOST_fstat 5
#define HOST_mmap 9
#define HOST_mprotect 10
#define HOST_munmap 11
#define HOST_rt_sigaction 13
#define HOST_rt_sigprocmask 14
#define HOST_ioctl 16
#define HOST_pread64 17
#define HOST_pwrite64 18
#define HOST_mremap 25
#define HOST_mincore 27
#define HOST_madvise 28
#define HOST_dup2 33
#define HOST_setitimer 38
#define HOST_getpid 39
#define HOST_sendto 44
#define HOST_recvfrom 45
#define HOST_clone 56
#define HOST_wait4 61
#define HOST_kill 62
#define HOST_fcntl 72
#define HOST_ftruncate 77
#define HOST_sysinfo 99
#define HOST_setpgid 109
#define HOST_getppid 110
#define HOST_sigaltstack 131
#define HOST_prctl 157
#define HOST_arch_prctl 158
#define HOST_futex 202
#define HOST_sched_setaffinity 203
#define HOST_clock_gettime 228
#define HOST_exit_group 231
#define HOST_openat 257
#define HOST_ppoll 271
#define HOST_fallocate 285
#define HOST_signalfd4 289
#define HOST_eventfd2 290
#define HOST_getcpu 309
#define HOST_memfd_create 319

#define HOST_AT_FDCWD ((u64)-100)
#define HOST_MFD_CLOEXEC 1
#define HOST_MFD_NOEXEC_SEAL 8
#define HOST_FALLOC_KEEP_SIZE 1
#define HOST_FALLOC_PUNCH_HOLE 2
#define HOST_PR_SET_PDEATHSIG 1
#define HOST_PR_SET_SECCOMP 22
#define HOST_PR_SET_TIMERSLACK 29
#define HOST_PR_SET_NO_NEW_PRIVS 38
#define HOST_PR_SET_SYSCALL_USER_DISPATCH 59
#define HOST_PR_SYS_DISPATCH_ON 1
#define HOST_SECCOMP_MODE_FILTER 2
#define HOST_MSG_DONTWAIT 0x40
#define HOST_MSG_NOSIGNAL 0x4000

/* Bits of AT_HWCAP2 (arch/x86/include/uapi/asm/hwcap2.h). */
#define HOST_HWCAP2_FSGSBASE 2
