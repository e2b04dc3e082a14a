/* SPDX-License-Identifier: BSD-3-Clause */
/* The generator needs no device, and rooms that may not see devices/ need it: it lives in lib/. */
#pragma once

#include "lib/random.h"
