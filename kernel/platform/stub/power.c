/* SPDX-License-Identifier: BSD-3-Clause */
/* The stub machine's end: it stands still. */
#include "platform/platform.h"

noreturn_fn void platform_power_off(unused_arg int status)
{
    for (;;)
        arch_pause();
}

void platform_emergency_write(unused_arg const char *text, unused_arg size_t length) {}
