/* SPDX-License-Identifier: BSD-3-Clause */
/* Files without a name that calls make. */
#pragma once

#include "files/file.h"

int eventfd_open(u64 initial, u32 flags, struct file **out);           /* EFD_* */
int memfd_open(const char *name, u32 flags, struct file **out);        /* MFD_* */
int timerfd_open(int clock, u32 flags, struct file **out);             /* TFD_* */
bool file_is_timerfd(const struct file *f);
int timerfd_clock(const struct file *f);
/* Times in ns, on its clock; flags: TFD_TIMER_*. */
void timerfd_get(struct file *f, u64 *value_ns, u64 *interval_ns);
void timerfd_set(struct file *f, u32 flags, u64 value_ns, u64 interval_ns);
int signalfd_open(u64 wanted, u32 flags, struct file **out);           /* SFD_* */
bool file_is_signalfd(const struct file *f);
void signalfd_set(struct file *f, u64 wanted);
