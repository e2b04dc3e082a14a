/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking up single records of the boot information (abi/image/boot_info.h), for those who need
 * one before, or below, the room that reads them all (boot/). */
#pragma once

#include "lib/types.h"

/* The first record of this type: its payload, *length bytes; NULL: none, or it is cut off. */
const u8 *boot_record_find(const u8 *info, u64 size, u32 type, u32 *length);
