/* SPDX-License-Identifier: BSD-3-Clause */
/* The stub machine has no devices. */
#include "devices/driver.h"

const struct driver *const platform_drivers[] = {NULL};
