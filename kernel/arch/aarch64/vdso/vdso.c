/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the vDSO's functions: program code, called by libc in the program's own context.
 * See:      arch/vdso_time.h; vdso(7), clock_gettime(2); sigreturn.S
 */
#define SYS_CLOCK_GETTIME 113
#define SYS_CLOCK_GETRES 114
#include "arch/vdso_time.h"

EXPORT int __kernel_clock_gettime(int clock, struct linux_timespec *out);
EXPORT int __kernel_gettimeofday(struct linux_timeval *out, struct linux_timezone *zone);
EXPORT int __kernel_clock_getres(int clock, struct linux_timespec *resolution);

static inline long call2(long number, long first, void *second)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register void *x1 __asm__("x1") = second;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "memory");
    return x0;
}

/* The isb keeps the read from running ahead of earlier loads. */
static inline uint64_t counter(void)
{
    uint64_t v;
    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(v)::"memory");
    return v;
}

int __kernel_clock_gettime(int clock, struct linux_timespec *out)
{
    return vdso_gettime(clock, out);
}

int __kernel_gettimeofday(struct linux_timeval *out, struct linux_timezone *zone)
{
    return vdso_gettimeofday(out, zone);
}

int __kernel_clock_getres(int clock, struct linux_timespec *resolution)
{
    return vdso_getres(clock, resolution);
}
