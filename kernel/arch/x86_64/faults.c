/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: what each exception means.
 * See:   Intel SDM volume 3, 6.15; sigaction(2) for the codes
 */
#include "arch/x86_64/faults.h"

#include "abi/linux/signal.h"

#define ERROR_WRITE 2u
#define ERROR_PROGRAM 4u /* as if from CPL 3: what Linux shows */
#define ERROR_FETCH 16u

/* x87 and SSE number their exceptions alike. */
#define FLOAT_INVALID 0x01u
#define FLOAT_DENORMAL 0x02u
#define FLOAT_DIVIDE 0x04u
#define FLOAT_OVERFLOW 0x08u
#define FLOAT_UNDERFLOW 0x10u
#define FLOAT_INEXACT 0x20u

enum { DIVIDE = 0, DEBUG = 1, BREAKPOINT = 3, INVALID = 6, PAGE = 14, FLOAT = 16, ALIGNMENT = 17,
       VECTOR_FLOAT = 19 };

static int float_code(u32 raised)
{
    if (raised & FLOAT_INVALID)
        return FPE_FLTINV;
    if (raised & FLOAT_DIVIDE)
        return FPE_FLTDIV;
    if (raised & FLOAT_OVERFLOW)
        return FPE_FLTOVF;
    if (raised & (FLOAT_UNDERFLOW | FLOAT_DENORMAL))
        return FPE_FLTUND;
    return raised & FLOAT_INEXACT ? FPE_FLTRES : 0;
}

static u32 x87_raised(void)
{
    u16 status, control;
    __asm__ volatile("fnstsw %0\n\tfnstcw %1" : "=m"(status), "=m"(control));
    return status & ~(u32)control;
}

static u32 sse_raised(void)
{
    u32 mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    return mxcsr & ~(mxcsr >> 7);
}

static enum fault_kind kind_of(u64 vector)
{
    switch (vector) {
    case DIVIDE: return FAULT_DIVIDE;
    case DEBUG: return FAULT_DEBUG;
    case BREAKPOINT: return FAULT_BREAKPOINT;
    case INVALID: return FAULT_INVALID;
    case PAGE: return FAULT_PAGE;
    case FLOAT:
    case VECTOR_FLOAT: return FAULT_FLOAT;
    case ALIGNMENT: return FAULT_ALIGNMENT;
    default: return FAULT_GENERAL;
    }
}

void fault_from_exception(struct fault *out, u64 vector, u64 error_code, u64 cr2)
{
    *out = (struct fault){.kind = kind_of(vector), .trap_number = vector,
                          .error_code = error_code};
    if (out->kind == FAULT_PAGE) {
        out->address = cr2;
        out->access = error_code & ERROR_FETCH   ? FAULT_EXECUTE
                      : error_code & ERROR_WRITE ? FAULT_WRITE
                                                 : FAULT_READ;
        out->error_code |= ERROR_PROGRAM;
    }
    if (out->kind == FAULT_INVALID)
        out->signal_code = ILL_ILLOPN;
    if (out->kind == FAULT_BREAKPOINT)
        out->signal_code = SI_KERNEL;
    if (vector == FLOAT)
        out->signal_code = float_code(x87_raised());
    if (vector == VECTOR_FLOAT)
        out->signal_code = float_code(sse_raised());
}
