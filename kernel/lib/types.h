/* SPDX-License-Identifier: BSD-3-Clause */
/* Base types and the few macros that every room uses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* A frame's address in the machine's memory; on the process platform an offset in the memfd. */
typedef u64 paddr_t;

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define NSEC_PER_SEC 1000000000ull
#define NO_DEADLINE UINT64_MAX /* a deadline that never comes, in ns */

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define noreturn_fn __attribute__((noreturn))
#define noinline_fn __attribute__((noinline))
#define unused_arg __attribute__((unused))
#define printf_like(f, a) __attribute__((format(printf, f, a)))

static inline u64 align_up(u64 v, u64 a) { return (v + a - 1) & ~(a - 1); }
static inline u64 align_down(u64 v, u64 a) { return v & ~(a - 1); }
static inline u64 min_u64(u64 a, u64 b) { return a < b ? a : b; }
static inline u64 max_u64(u64 a, u64 b) { return a > b ? a : b; }
static inline bool is_aligned(u64 v, u64 a) { return (v & (a - 1)) == 0; }
