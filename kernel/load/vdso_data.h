/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page that the vDSO reads, [vvar] in /proc/PID/maps, one page below the vDSO. Written by
 * load/vdso.c, read by the program through arch/<isa>/vdso/.
 */
#pragma once

#include <stdint.h>

#define VDSO_DATA_BYTES 4096

struct vdso_data {
    volatile uint32_t sequence;    /* odd while it is being written */
    uint32_t cycles_shift;
    uint64_t cycles_base, cycles_mult;
    uint64_t monotonic_base_ns, wall_base_ns;
    uint64_t host_clock_gettime;   /* not 0: call this function instead */
};
