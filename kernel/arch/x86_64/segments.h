/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: selectors. Those of our own GDT (vm), and those Linux programs see (never loaded on vm). */
#pragma once

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10 /* `syscall` loads code + 8 */
#define SELECTOR_TSS 0x18         /* two slots */

#define LINUX_PROGRAM_CS 0x33
#define LINUX_PROGRAM_SS 0x2b
