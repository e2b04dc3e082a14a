/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors of processes. See pidfd_open(2). */
#pragma once

#include "files/file.h"

int pidfd_create(struct process *p, u32 flags, struct file **out); /* flags: O_NONBLOCK; 0, -ENOMEM */
struct process *pidfd_process(const struct file *f); /* lives as long as f; NULL: not a pidfd */
void pidfd_start(void); /* CLONE_PIDFD works from here on */
