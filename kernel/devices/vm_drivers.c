/* SPDX-License-Identifier: BSD-3-Clause */
/* The drivers of the vm platform. */
#include "devices/driver.h"
#include "devices/virtio_console.h"

const struct driver *const platform_drivers[] = {&virtio_console_driver, NULL};
