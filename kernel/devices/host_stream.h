/* SPDX-License-Identifier: BSD-3-Clause */
/* The process platform's byte channels over host descriptors. */
#pragma once

#include "devices/driver.h"

extern const struct driver host_stream_driver;
