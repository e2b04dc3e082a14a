/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root image as files/ sees it: a read-only memory that came with the machine. Its frames may
 * be shown to programs by their paddr.
 */
#pragma once

#include "platform/platform.h"

static inline const struct platform_blob *rom_root_image(void) { return platform_root_image(); }

/* Kernel address of a frame that a page store holds. */
static inline void *rom_frame_pointer(paddr_t frame) { return paddr_to_pointer(frame); }
