/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: what stands in for an instruction that must trap but does not at ring 0. */
#pragma once

#define PRIVILEGED_TRAP 0xd6 /* undefined in 64-bit mode (Intel SDM volume 2, table A-2) */
