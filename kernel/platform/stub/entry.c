/* SPDX-License-Identifier: BSD-3-Clause */
/* The stub machine's first instruction. Apart from start.c so that a test of one room does not draw
 * in boot and with it all the others. */
#include "arch/upcalls.h"

noreturn_fn void _start(void);

noreturn_fn void _start(void) { on_start(); }
