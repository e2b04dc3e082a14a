/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The form of the generated tracer data (abi_trace.c, written by tools/gen_abi.py): what of the
 * program's memory the tracer must send along with a call, so that whoever draws the call outside
 * the guest can show what its pointers point to. Names, flags and formats stay outside.
 *
 * Without CONFIG_TRACE the array has one empty element and no row refers to it.
 * See: abi/types.tbl, kernel/shim/trace_capture.c, elfin/trace
 */
#pragma once

#include <stdint.h>

enum trace_capture {
    TRACE_NOTHING,
    TRACE_STRING,     /* to its NUL */
    TRACE_STRINGS,    /* array of addresses up to NULL, and the start of each string */
    TRACE_ADDRESSES,  /* array of addresses up to NULL */
    TRACE_TEXT_IN,    /* the first bytes, counted by argument `length` */
    TRACE_TEXT_OUT,   /* the first bytes, counted by the result */
    TRACE_ELEMENTS,   /* `size` bytes each, counted by argument `length` or `count` */
    TRACE_RESULT,     /* all bytes that the result counts */
    TRACE_VECTOR_IN,  /* iovec, and the start of what each element points to */
    TRACE_VECTOR_OUT, /* iovec; at the return the start of each element that was filled */
    TRACE_MAYBE,      /* `size` bytes, should the argument be an address */
};

enum trace_direction { TRACE_IN = 1, TRACE_OUT = 2, TRACE_INOUT = 3 };

#define TRACE_NO_LENGTH 255

struct trace_argument {
    uint16_t size;
    uint8_t capture;
    uint8_t direction; /* at entry, at the return, or both */
    uint8_t length;    /* index of the argument that counts elements or bytes */
    uint8_t count;     /* elements, where no argument counts them */
};

extern const struct trace_argument abi_trace_arguments[];
