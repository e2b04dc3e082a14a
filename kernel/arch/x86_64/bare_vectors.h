/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: interrupt vector numbers of a bare machine; assembly reads it too. */
#pragma once

#define VECTOR_DIVIDE 0
#define VECTOR_DEBUG 1
#define VECTOR_NMI 2
#define VECTOR_BREAKPOINT 3
#define VECTOR_INVALID 6
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_GENERAL 13
#define VECTOR_PAGE 14
#define VECTOR_FLOAT 16
#define VECTOR_ALIGNMENT 17
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_VECTOR_FLOAT 19
#define VECTOR_INTERRUPTS 32 /* from here on they are interrupts */
#define VECTOR_TIMER 32
#define VECTOR_DEVICES 33
#define VECTOR_COUNT 64      /* stubs we have */
#define VECTOR_SPURIOUS 255
#define VECTOR_STUB_BYTES 16

#ifndef __ASSEMBLER__
extern const char bare_vector_stubs[], bare_vector_spurious[];
#endif
