/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All devices: started once, polled when an interrupt says so, flushed at the end.
 *
 * Promises: on_interrupt is the only upcall of this room; it never runs on an interrupt stack.
 */
#include "arch/upcalls.h"
#include "devices/driver.h"
#include "devices/stream.h"
#include "task/task.h"

void devices_start(void)
{
    for (const struct driver *const *d = platform_drivers; *d; d++)
        (*d)->start();
}

void devices_poll(void)
{
    for (const struct driver *const *d = platform_drivers; *d; d++)
        if ((*d)->poll)
            (*d)->poll();
}

void devices_flush(void)
{
    for (const struct driver *const *d = platform_drivers; *d; d++)
        if ((*d)->flush)
            (*d)->flush();
}

void on_interrupt(struct trap_frame *frame)
{
    devices_poll();
    task_after_interrupt(frame);
}
