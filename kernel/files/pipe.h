/* SPDX-License-Identifier: BSD-3-Clause */
/* Pipes and FIFOs. See pipe(7), fifo(7). */
#pragma once

#include "files/file.h"

/* ends[0] reads, ends[1] writes. flags: O_NONBLOCK, O_DIRECT. 0 or -ENOMEM. */
int pipe_create(struct file *ends[2], u32 flags);
