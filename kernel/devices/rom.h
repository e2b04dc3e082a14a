/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root image and the boot information as files/ sees them: memory that came with the machine. Its frames may
 * be shown to programs by their paddr.
 */
#pragma once

#include "platform/platform.h"

static inline const struct platform_blob *rom_root_image(void) { return platform_root_image(); }
static inline const struct platform_blob *rom_boot_info(void) { return platform_boot_info(); }

/* Kernel address of a frame that a page store holds. */
static inline void *rom_frame_pointer(paddr_t frame) { return paddr_to_pointer(frame); }
