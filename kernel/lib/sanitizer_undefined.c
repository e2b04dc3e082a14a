/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The undefined-behaviour sanitizer's run-time half (-fsanitize=undefined), in kernels with
 * CONFIG_SANITIZE: each finding is a panic with its place in the source.
 *
 * Promises: what each handler is given begins with the place (file, line, column), so that one text
 *           serves all.
 */
#include "lib/sanitizer.h"

#ifdef CONFIG_SANITIZE
#pragma clang attribute push(UNSANITIZED, apply_to = function)

#include "lib/log.h"

struct place {
    const char *file;
    u32 line, column;
};

#define FOUND(kind, text)                                                                          \
    noreturn_fn void __ubsan_handle_##kind(const struct place *at, u64 a, u64 b);                  \
    noreturn_fn void __ubsan_handle_##kind(const struct place *at, u64 a, u64 b)                   \
    {                                                                                              \
        panic("sanitizer: %s at %s:%u (%#lx, %#lx)", text, at->file, at->line, a, b);              \
    }
FOUND(add_overflow_abort, "a sum overflows")
FOUND(sub_overflow_abort, "a difference overflows")
FOUND(mul_overflow_abort, "a product overflows")
FOUND(negate_overflow_abort, "a negation overflows")
FOUND(divrem_overflow_abort, "a division overflows")
FOUND(shift_out_of_bounds_abort, "a shift is too far")
FOUND(out_of_bounds_abort, "an index is out of bounds")
FOUND(pointer_overflow_abort, "a pointer overflows")
FOUND(type_mismatch_v1_abort, "a null or misaligned pointer, or one to too small an object")
FOUND(load_invalid_value_abort, "a value that its type does not have")
FOUND(builtin_unreachable, "what cannot be reached was")
FOUND(vla_bound_not_positive_abort, "an array of no length")
FOUND(nonnull_arg_abort, "a null argument")
FOUND(invalid_builtin_abort, "a builtin's argument")
FOUND(missing_return, "no return")

#pragma clang attribute pop
#endif
