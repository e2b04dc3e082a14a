/* SPDX-License-Identifier: BSD-3-Clause */
/* Files without a name that calls make: eventfds and memfds. */
#pragma once

#include "files/file.h"

int eventfd_open(u64 initial, u32 flags, struct file **out);           /* EFD_* */
int memfd_open(const char *name, u32 flags, struct file **out);        /* MFD_* */
