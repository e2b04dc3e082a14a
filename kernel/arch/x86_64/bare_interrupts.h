/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: what bare_traps.c and bare_clock.c share with bare_interrupts.c. */
#pragma once

#include "lib/types.h"

void bare_acknowledge(u64 vector);

/* Local APIC registers, mapped by bare_clock_start. */
#define APIC_EOI 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_TIMER_VECTOR 0x320
#define APIC_TIMER_START 0x380
#define APIC_TIMER_COUNT 0x390
#define APIC_TIMER_DIVIDE 0x3e0
#define APIC_ID 0x20
u32 apic_read(u32 offset);
void apic_write(u32 offset, u32 value);
void apic_start(void);
