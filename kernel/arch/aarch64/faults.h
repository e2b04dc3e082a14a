/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside arch/aarch64: an exception's syndrome and address, as the rooms above see them. */
#pragma once

#include "arch/upcalls.h"

struct fault fault_from_syndrome(u64 esr, u64 far);
