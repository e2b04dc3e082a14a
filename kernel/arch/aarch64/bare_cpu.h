/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside arch/aarch64: system registers. */
#pragma once

#include "lib/types.h"

#define read_system(name)                                                                          \
    ({                                                                                             \
        u64 value_;                                                                                \
        __asm__ volatile("mrs %0, " name : "=r"(value_) : : "memory");                             \
        value_;                                                                                    \
    })
#define write_system(name, value)                                                                  \
    __asm__ volatile("msr " name ", %0\n\tisb" : : "r"((u64)(value)) : "memory")

static inline void flush_all(void)
{
    __asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb ish\n\tisb" : : : "memory");
}

static inline void flush_address(u64 address)
{
    __asm__ volatile("dsb ishst\n\ttlbi vaae1, %0\n\tdsb ish\n\tisb"
                     :
                     : "r"(address >> 12 & 0xfffffffffff)
                     : "memory");
}
