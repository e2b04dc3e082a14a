/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Process descriptors.
 *
 * Holds: facts; x86_64 and aarch64 agree.
 * See:   pidfd_open(2)
 */
#pragma once

#include "abi/linux/fcntl.h"

#define PIDFD_NONBLOCK O_NONBLOCK
