/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The form of the generated tracer data (abi_trace.c, written by tools/gen_abi.py): how each
 * argument of each call is shown. Data only; the tracer in kernel/shim draws it.
 *
 * Without CONFIG_TRACE the arrays have one empty element each and no row refers to them.
 * See: abi/types.tbl
 */
#pragma once

#include <stdint.h>

enum trace_format {
    TRACE_SIGNED,
    TRACE_UNSIGNED,
    TRACE_HEX,
    TRACE_OCTAL,
    TRACE_ADDRESS,       /* 0 is NULL */
    TRACE_FD,
    TRACE_DIRFD,         /* a descriptor or AT_FDCWD */
    TRACE_STRING,        /* at the address, NUL-terminated */
    TRACE_STRING_VECTOR, /* array of addresses of strings, NULL-terminated */
    TRACE_BUFFER_IN,     /* bytes from the program; count in the argument `length` */
    TRACE_BUFFER_OUT,    /* bytes to the program; count is the result */
    TRACE_FLAGS,         /* bits of set `detail` */
    TRACE_ENUM,          /* one value of set `detail` */
    TRACE_STRUCT,        /* pointer; `detail` is an enum trace_struct (generated abi_trace.h) */
};

enum trace_direction { TRACE_IN, TRACE_OUT, TRACE_INOUT };

#define TRACE_NO_LENGTH 255

struct trace_argument {
    uint16_t name; /* offset in abi_trace_names */
    uint8_t format;
    uint8_t detail;
    uint8_t direction;   /* of TRACE_STRUCT: show it at entry, at exit, or both */
    uint8_t length;      /* index of the argument that counts bytes or elements */
    uint8_t value_bytes; /* 4 or 8: mask the register to this before looking at it */
};

/* A named value. name 0: this machine does not have it. */
struct trace_constant {
    uint64_t value;
    uint16_t name; /* offset in abi_trace_names */
};

/* Constants [first, first + count). Under `mask` stands one value, which is shown first and by
 * name even when it is 0; the other bits are shown one by one, in this order, the rest in hex. */
struct trace_set {
    uint64_t mask;
    uint16_t first;
    uint16_t count;
};

extern const struct trace_argument abi_trace_arguments[];
extern const struct trace_constant abi_trace_constants[];
extern const struct trace_set abi_trace_sets[];
extern const char abi_trace_names[]; /* NUL-terminated, one after another; starts with "" */
extern const char *abi_errno_name(long error); /* 2 -> "ENOENT"; NULL: none has this number */
