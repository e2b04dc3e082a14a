/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the vDSO's functions: program code, called by libc in the program's own context.
 * See:      arch/vdso_time.h; vdso(7), clock_gettime(2), getcpu(2)
 */
#define SYS_CLOCK_GETTIME 228
#define SYS_CLOCK_GETRES 229
#include "arch/vdso_time.h"

EXPORT int __vdso_clock_gettime(int clock, struct linux_timespec *out);
EXPORT int __vdso_gettimeofday(struct linux_timeval *out, struct linux_timezone *zone);
EXPORT int64_t __vdso_time(int64_t *seconds);
EXPORT int __vdso_clock_getres(int clock, struct linux_timespec *resolution);
EXPORT long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

/* Linux's vDSO has each function under its libc name as well. */
#define ALIAS(of) __attribute__((weak, alias(#of), visibility("default")))
int clock_gettime(int clock, struct linux_timespec *out) ALIAS(__vdso_clock_gettime);
int gettimeofday(struct linux_timeval *out, struct linux_timezone *zone)
    ALIAS(__vdso_gettimeofday);
int64_t time(int64_t *seconds) ALIAS(__vdso_time);
int clock_getres(int clock, struct linux_timespec *resolution) ALIAS(__vdso_clock_getres);
long getcpu(unsigned *cpu, unsigned *node, void *unused) ALIAS(__vdso_getcpu);

static inline long call2(long number, long first, void *second)
{
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

/* rdtsc may run ahead of earlier loads; lfence keeps time from going backwards between cores. */
static inline uint64_t counter(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

int __vdso_clock_gettime(int clock, struct linux_timespec *out) { return vdso_gettime(clock, out); }

int __vdso_gettimeofday(struct linux_timeval *out, struct linux_timezone *zone)
{
    return vdso_gettimeofday(out, zone);
}

int64_t __vdso_time(int64_t *seconds)
{
    struct linux_timespec now;
    vdso_gettime(CLOCK_REALTIME, &now);
    if (seconds)
        *seconds = now.tv_sec;
    return now.tv_sec;
}

int __vdso_clock_getres(int clock, struct linux_timespec *resolution)
{
    return vdso_getres(clock, resolution);
}

/* One virtual CPU. */
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
    (void)unused;
    if (cpu)
        *cpu = 0;
    if (node)
        *node = 0;
    return 0;
}
