/* SPDX-License-Identifier: BSD-3-Clause */
/* The drivers of the process platform. */
#include "devices/driver.h"
#include "devices/host_stream.h"

const struct driver *const platform_drivers[] = {&host_stream_driver, NULL};
