/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: where things lie on a bare aarch64 machine; link_aarch64.lds says the same. */
#pragma once

#define KERNEL_BASE 0xffffffff80000000 /* kernel address of paddr 0 for the image */
#define DIRECT_MAP 0xffff888000000000
#define DIRECT_MAP_SLOT 273            /* its entry in the top table of TTBR1 */
#define KERNEL_SLOT 511
#define BOOT_STACK_BYTES 16384

/* MAIR_EL1: attribute 0 is write-back memory, attribute 1 is a device (nGnRnE). */
#define MEMORY_ATTRIBUTES 0xff
/* TCR_EL1: 48 bits and 4 KiB pages in both halves, walks inner shareable and cached; the width of
 * physical addresses is added from ID_AA64MMFR0_EL1. */
#define TRANSLATION_CONTROL 0xb5103510
