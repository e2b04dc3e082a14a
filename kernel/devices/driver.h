/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What devices.c asks of a driver. Each platform has one list of drivers: vm_drivers.c,
 * host_drivers.c (process), stub_drivers.c.
 */
#pragma once

#include "lib/types.h"

struct driver {
    const char *name;
    void (*start)(void); /* finds its devices and registers their streams; once, on the boot stack */
    void (*poll)(void);  /* looks for progress and wakes waiters; thread or idle context */
    void (*flush)(void); /* returns when all that was written has left the machine */
};

/* In the order they start; ends with NULL. */
extern const struct driver *const platform_drivers[];
