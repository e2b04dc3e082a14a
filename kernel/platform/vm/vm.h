/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: what the files of the vm platform, and its drivers in devices/virtio_*, share. */
#pragma once

#include "arch/bare.h"
#include "platform/platform.h"

/* start.c */
extern const struct bare_machine *vm_machine;

/* clock.c */
void vm_clock_start(void);
void vm_account_idle(u64 ns);
void vm_timer_idle(u64 deadline_ns);
