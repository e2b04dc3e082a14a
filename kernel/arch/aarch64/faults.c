/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    what each exception means: ESR_EL1 to struct fault.
 * Promises: a program sees its exceptions as if it ran at EL0: that is what the ESR it is shown
 *           says.
 * See:      Arm ARM D17.2.37 (ESR_EL1); sigaction(2) for the codes
 */
#include "arch/aarch64/faults.h"

#include "abi/linux/signal.h"

#define CLASS_SHIFT 26
#define CLASS_UNKNOWN 0x00
#define CLASS_ILLEGAL_STATE 0x0e
#define CLASS_FETCH 0x21
#define CLASS_PC_ALIGNMENT 0x22
#define CLASS_DATA 0x25
#define CLASS_SP_ALIGNMENT 0x26
#define CLASS_FLOAT 0x2c
#define CLASS_STEP 0x33
#define CLASS_BRK 0x3c
#define DATA_WRITE (1u << 6)
#define STATUS_MASK 0x3f
#define STATUS_ALIGNMENT 0x21

static enum fault_kind kind_of(u64 class, u64 esr)
{
    switch (class) {
    case CLASS_FETCH:
    case CLASS_DATA:
        return (esr & STATUS_MASK) == STATUS_ALIGNMENT ? FAULT_ALIGNMENT : FAULT_PAGE;
    case CLASS_PC_ALIGNMENT:
    case CLASS_SP_ALIGNMENT:
        return FAULT_ALIGNMENT;
    case CLASS_UNKNOWN:
    case CLASS_ILLEGAL_STATE:
        return FAULT_INVALID;
    case CLASS_FLOAT:
        return FAULT_FLOAT;
    case CLASS_BRK:
        return FAULT_BREAKPOINT;
    case CLASS_STEP:
        return FAULT_DEBUG;
    default:
        return FAULT_GENERAL;
    }
}

/* The instruction-specific bits of a trapped floating-point exception: Arm ARM D17.2.37. */
#define FLOAT_BITS_VALID (1u << 23)
#define FLOAT_INVALID 1u
#define FLOAT_DIVIDE 2u
#define FLOAT_OVERFLOW 4u
#define FLOAT_UNDERFLOW 8u
#define FLOAT_INEXACT 16u

static int float_code(u64 esr)
{
    if (!(esr & FLOAT_BITS_VALID))
        return FPE_FLTUNK;
    if (esr & FLOAT_INVALID)
        return FPE_FLTINV;
    if (esr & FLOAT_DIVIDE)
        return FPE_FLTDIV;
    if (esr & FLOAT_OVERFLOW)
        return FPE_FLTOVF;
    if (esr & FLOAT_UNDERFLOW)
        return FPE_FLTUND;
    return esr & FLOAT_INEXACT ? FPE_FLTRES : FPE_FLTUNK;
}

static int signal_code(enum fault_kind kind, u64 esr)
{
    switch (kind) {
    case FAULT_INVALID:
        return ILL_ILLOPC;
    case FAULT_BREAKPOINT:
        return TRAP_BRKPT;
    case FAULT_FLOAT:
        return float_code(esr);
    default:
        return 0;
    }
}

struct fault fault_from_syndrome(u64 esr, u64 far)
{
    u64 class = esr >> CLASS_SHIFT & 63;
    struct fault f = {.kind = kind_of(class, esr), .address = far, .trap_number = class,
                      .error_code = esr};

    f.signal_code = signal_code(f.kind, esr);
    if (class == CLASS_FETCH || class == CLASS_DATA) {
        f.access = class == CLASS_FETCH ? FAULT_EXECUTE : esr & DATA_WRITE ? FAULT_WRITE
                                                                           : FAULT_READ;
        f.error_code -= 1ull << CLASS_SHIFT; /* the class of the same fault at EL0 */
    }
    return f;
}
