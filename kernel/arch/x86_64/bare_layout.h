/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: where things lie on a bare x86_64 machine; link_x86_64.lds says the same. */
#pragma once

#define KERNEL_BASE 0xffffffff80000000 /* kernel address of paddr 0 for the image */
#define DIRECT_MAP 0xffff888000000000
#define DIRECT_MAP_SLOT 273            /* its entry in the top table */
#define KERNEL_SLOT 511
#define BOOT_STACK_BYTES 16384
