/* SPDX-License-Identifier: BSD-3-Clause */
/* Character devices by number. Inside of files/. See Linux's admin-guide/devices.txt. */
#pragma once

#include "files/inode.h"

/* In the form of st_rdev. */
#define DEVICE(major, minor)                                                                       \
    (((u64)(minor) & ~0xfful) << 12 | ((u64)(major) << 8) | ((minor) & 0xff))
#define DEVICE_NULL DEVICE(1, 3)
#define DEVICE_ZERO DEVICE(1, 5)
#define DEVICE_FULL DEVICE(1, 7)
#define DEVICE_RANDOM DEVICE(1, 8)
#define DEVICE_URANDOM DEVICE(1, 9)
#define DEVICE_KMSG DEVICE(1, 11)
#define DEVICE_TTY DEVICE(5, 0)
#define DEVICE_CONSOLE DEVICE(5, 1)
#define DEVICE_PTMX DEVICE(5, 2)
#define DEVICE_PTS(number) DEVICE(136, number)

/* A device as an open file without a name: standard streams when there is no /dev. NULL: no
 * memory, or no such device. */
struct file *device_open_unnamed(u64 rdev, u32 flags);
