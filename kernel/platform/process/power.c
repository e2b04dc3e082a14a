/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of the machine, and words when all else is broken.
 *
 * See: exit_group(2); supervisor.c passes the status on.
 */
#include "platform/process/host.h"

noreturn_fn void platform_power_off(int status)
{
    host_supervision.power_status = status & 0xff;
    host_supervisor_ask();
    for (;;)
        host(HOST_exit_group, 0);
}

void platform_emergency_write(const char *text, size_t length)
{
    while (length) {
        long n = host(HOST_write, 2, text, length);
        if (n <= 0)
            return;
        text += n;
        length -= (size_t)n;
    }
}
