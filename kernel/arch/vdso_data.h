/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page that the vDSO reads, [vvar] in /proc/PID/maps, one page below the vDSO. Written by
 * load/vdso.c, read by the program through arch/<isa>/vdso/.
 */
#pragma once

#define VDSO_DATA_BYTES 4096
#define VDSO_KERNEL_ENTRY 8     /* offset of kernel_entry */

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

/* ns = (cycles << VDSO_SHIFT) * mult / 2^64: the high half of one multiplication, no shift by a
 * variable. Counters above 62.5 MHz fit (aarch64, whose counters are slow: 15.6 MHz); it is good for
 * 2^60 (2^58) cycles, years. */
#if defined(__aarch64__)
#define VDSO_SHIFT 6
#else
#define VDSO_SHIFT 4
#endif
#define VDSO_CLOCKS 12 /* CLOCK_TAI is the last */

struct vdso_data {
    volatile uint32_t sequence;    /* odd while it is being written */
    uint32_t unused;
    uint64_t kernel_entry;         /* what __kernel_vsyscall jumps to */
    uint64_t cycles_base, cycles_mult;
    uint64_t host_clock_gettime;   /* not 0: call this function instead */
    uint64_t base_ns[VDSO_CLOCKS]; /* by clock id: the clock at cycles_base */
};

_Static_assert(offsetof(struct vdso_data, kernel_entry) == VDSO_KERNEL_ENTRY, "asm offset");

#endif /* __ASSEMBLER__ */
