/* SPDX-License-Identifier: BSD-3-Clause */
/* Formatting as snprintf(3) does it, without floating point: d i u x X o c s p %, flags - 0 + space
 * #, width and precision (also *), length h hh l ll z. Always NUL-terminates when size > 0. */
#pragma once

#include <stdarg.h>

#include "lib/types.h"

int format_text(char *out, size_t size, const char *format, ...) printf_like(3, 4);
int format_text_va(char *out, size_t size, const char *format, va_list args);
