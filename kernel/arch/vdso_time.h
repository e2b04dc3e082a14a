/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the vDSO's arithmetic, the same on every CPU. The including file gives what a CPU has:
 *           counter(), call2(number, first, second) and the numbers of the calls.
 * Promises: time without a system call: by the counter and the data page, or by the host's own
 *           function on the process platform. CPU-time clocks are calls, as on Linux.
 * Refuses:  writable data and relocations: the image is mapped as it was linked.
 * See:      vdso(7), clock_gettime(2)
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "abi/linux/time.h"
#include "arch/vdso_data.h"

#define EXPORT __attribute__((visibility("default")))
#define NSEC_PER_SEC 1000000000ull
#define COARSE_NS 4000000

typedef int host_clock_gettime_fn(int clock, struct linux_timespec *out);

/* The image's first byte; the data page lies before it. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static inline uint64_t counter(void);
static inline long call2(long number, long first, void *second);

static const struct vdso_data *data_page(void)
{
    return (const struct vdso_data *)(__ehdr_start - VDSO_DATA_BYTES);
}

#define BIT(clock) (1u << (clock))
#define FINE_CLOCKS                                                                                \
    (BIT(CLOCK_REALTIME) | BIT(CLOCK_MONOTONIC) | BIT(CLOCK_MONOTONIC_RAW) | BIT(CLOCK_BOOTTIME) | \
     BIT(CLOCK_TAI))
#define COARSE_CLOCKS (BIT(CLOCK_REALTIME_COARSE) | BIT(CLOCK_MONOTONIC_COARSE))

static int is_in(unsigned clocks, int clock)
{
    return (unsigned)clock < VDSO_CLOCKS && clocks >> clock & 1;
}

/* An odd sequence (a writer is at work) never equals itself without its lowest bit. */
static inline uint64_t read_ns(const struct vdso_data *d, int clock)
{
    uint32_t sequence;
    uint64_t ns;
    do {
        sequence = d->sequence & ~1u;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        uint64_t passed = counter() - d->cycles_base;
        ns = (uint64_t)((unsigned __int128)(passed << VDSO_SHIFT) * d->cycles_mult >> 64);
        ns += d->base_ns[clock];
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (sequence != d->sequence);
    return ns;
}

static inline void store(uint64_t ns, struct linux_timespec *out)
{
    uint64_t seconds = ns / NSEC_PER_SEC;
    out->tv_sec = (int64_t)seconds;
    out->tv_nsec = (int64_t)(ns - seconds * NSEC_PER_SEC);
}

__attribute__((noinline)) static int slow_gettime(int clock, struct linux_timespec *out)
{
    const struct vdso_data *d = data_page();
    if (!is_in(FINE_CLOCKS | COARSE_CLOCKS, clock))
        return (int)call2(SYS_CLOCK_GETTIME, clock, out);
    if (d->host_clock_gettime)
        return ((host_clock_gettime_fn *)d->host_clock_gettime)(clock, out);
    uint64_t ns = read_ns(d, clock);
    store(ns - ns % COARSE_NS, out);
    return 0;
}

/* Few branches: each costs much under an emulator. */
static inline int vdso_gettime(int clock, struct linux_timespec *out)
{
    const struct vdso_data *d = data_page();
    if (!is_in(FINE_CLOCKS, clock) || d->host_clock_gettime)
        return slow_gettime(clock, out);
    store(read_ns(d, clock), out);
    return 0;
}

static inline int vdso_gettimeofday(struct linux_timeval *out, struct linux_timezone *zone)
{
    struct linux_timespec now;
    if (out) {
        vdso_gettime(CLOCK_REALTIME, &now);
        out->tv_sec = now.tv_sec;
        out->tv_usec = now.tv_nsec / 1000;
    }
    if (zone)
        *zone = (struct linux_timezone){0};
    return 0;
}

static inline int vdso_getres(int clock, struct linux_timespec *resolution)
{
    int is_coarse = is_in(COARSE_CLOCKS, clock);
    if (!is_coarse && !is_in(FINE_CLOCKS, clock))
        return (int)call2(SYS_CLOCK_GETRES, clock, resolution);
    if (resolution)
        *resolution = (struct linux_timespec){.tv_nsec = is_coarse ? COARSE_NS : 1};
    return 0;
}
