/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The form of the generated dispatch table (abi_dispatch.c, written by tools/gen_abi.py).
 *
 * Holds:    one row per call number of the machine the kernel is built for, gaps included.
 * Promises: every row without a handler has an answer: -ENOSYS for numbers nobody has, absent
 *           rows and rows of features that are not selected; -ERRNO for denied ones.
 * See:      abi/syscalls.tbl
 *
 * Why one function type for all handlers is safe. A handler has natural parameter types (int,
 * u32, struct user_ptr ...) and is called through `syscall_handler` with six 64-bit registers.
 * Both calling conventions pass an integer, and a struct of one 64-bit integer, in one general
 * register each, in order, at most six (SysV AMD64 3.2.3; AAPCS64 6.8.2); unused ones are not
 * looked at; the caller removes no arguments. The upper half of a register that holds a 32-bit
 * parameter is unspecified in both, so the callee takes the low half only, as Linux's own int
 * parameters do. Parameters narrower than 32 bits would be different (compilers rely on their
 * extension): types.tbl has none, and gen_abi.py refuses them. The kernel is built without
 * -fsanitize=function, the one check that would mind.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A row with ABI_ROW_FRAME takes the struct trap_frame's address first, then its arguments. */
typedef long syscall_handler(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
                             uint64_t a5);

enum abi_support { ABI_ABSENT, ABI_FULL, ABI_PARTIAL, ABI_IGNORED, ABI_DENIED };

#define ABI_ROW_FRAME 1    /* wants the frame: it reads or replaces registers */
#define ABI_ROW_EXISTS 2   /* Linux has a call of this number here */
#define ABI_ROW_PLAIN 8    /* has a handler, which takes the arguments and nothing else, and means it */
#define ABI_ROW_DISABLED 4 /* Elfin has a handler, but this kernel's features leave it out */

struct syscall_row {
    syscall_handler *handler; /* NULL: the result is `answer` */
    int16_t answer;           /* -errno, when there is no handler */
    uint16_t name;            /* offset in abi_names; 0: no name */
    uint16_t arguments;       /* index in abi_trace_arguments of the first argument */
    uint8_t argument_count;
    uint8_t support : 4; /* enum abi_support, as the table says */
    uint8_t flags : 4;   /* ABI_ROW_* */
};

extern const struct syscall_row abi_rows[];
extern const uint32_t abi_row_count; /* greatest call number + 1 */
extern const char abi_names[];       /* NUL-terminated names, one after another; starts with "" */

/* NULL beyond the table: the answer is -ENOSYS. */
static inline const struct syscall_row *abi_row(uint64_t number)
{
    return number < abi_row_count ? &abi_rows[number] : NULL;
}

/* "" where Linux has no call. */
static inline const char *abi_row_name(const struct syscall_row *row)
{
    return &abi_names[row->name];
}
