/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors of processes. See pidfd_open(2). */
#pragma once

#include "files/file.h"

int pidfd_create(struct process *p, u32 flags, struct file **out); /* flags: O_NONBLOCK; 0, -ENOMEM */
struct process *pidfd_process(const struct file *f); /* lives as long as f; NULL: not a pidfd */
/* Directories that stand for a process, too: /proc/PID. */
typedef bool pidfd_directory_fn(const struct file *f, s32 *pid);
void pidfd_set_directories(pidfd_directory_fn *is_process);
/* Of a pidfd or such a directory, held. 0, -EBADF, -ESRCH. */
int pidfd_any_process(const struct file *f, struct process **out);
void pidfd_start(void); /* CLONE_PIDFD works from here on */
