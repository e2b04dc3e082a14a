/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of the machine, and last words.
 */
#include "platform/vm/vm.h"

noreturn_fn void platform_power_off(int status)
{
    bare_power_off((u32)status & 255);
}

void platform_emergency_write(const char *text, size_t length)
{
    bare_emergency_write(text, length);
}
