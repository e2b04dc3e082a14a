/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sysinfo: memory and load of the machine.
 *
 * See: sysinfo(2)
 */
#pragma once

#include <stdint.h>

/* A load of 1.0 in loads[]. */
#define LINUX_SYSINFO_LOAD_ONE 65536

struct linux_sysinfo {
    int64_t uptime; /* seconds */
    uint64_t loads[3];
    uint64_t totalram; /* this and the next five in units of mem_unit bytes */
    uint64_t freeram;
    uint64_t sharedram;
    uint64_t bufferram;
    uint64_t totalswap;
    uint64_t freeswap;
    uint16_t procs;
    uint16_t padding;
    uint32_t padding2;
    uint64_t totalhigh;
    uint64_t freehigh;
    uint32_t mem_unit;
    uint32_t padding3;
};
