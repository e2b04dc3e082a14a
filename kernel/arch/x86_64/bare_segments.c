/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the GDT, the task state segment with its interrupt stacks, the IDT.
 * Promises: no vector ever pushes on the interrupted stack: programs run at ring 0 and own a red
 *           zone. NMI, double fault and machine check have stacks of their own; all others share
 *           one, which they leave at once (bare_vectors.S).
 * See:      Intel SDM volume 3, 3.4.5, 6.14.5, 7.7
 */
#include "arch/x86_64/bare_cpu.h"
#include "arch/x86_64/bare_vectors.h"
#include "arch/x86_64/segments.h"

#define INTERRUPT_STACK_BYTES 4096
#define GATE_INTERRUPT 0x8e
#define SEGMENT_CODE 0x00af9b000000ffffull
#define SEGMENT_DATA 0x00cf93000000ffffull
#define SEGMENT_TSS 0x0000890000000000ull

struct task_state {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3, io_map;
} __attribute__((packed));

struct gate {
    u16 offset_low, selector;
    u8 stack, type;
    u16 offset_middle;
    u32 offset_high, reserved;
};

struct table_pointer {
    u16 limit;
    u64 base;
} __attribute__((packed));

enum { STACK_COMMON = 1, STACK_NMI, STACK_DOUBLE_FAULT, STACK_MACHINE_CHECK, STACK_COUNT };

static u64 segments[5] = {0, SEGMENT_CODE, SEGMENT_DATA};
static struct task_state task_state;
static struct gate gates[256];
static u8 stacks[STACK_COUNT][INTERRUPT_STACK_BYTES] __attribute__((aligned(16)));

static void load_task_state(void)
{
    u64 base = (u64)&task_state, limit = sizeof(task_state) - 1;

    for (unsigned i = STACK_COMMON; i < STACK_COUNT; i++)
        task_state.ist[i - 1] = (u64)stacks[i] + INTERRUPT_STACK_BYTES;
    task_state.io_map = sizeof(task_state);
    segments[SELECTOR_TSS / 8] =
        SEGMENT_TSS | limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
    segments[SELECTOR_TSS / 8 + 1] = base >> 32;
}

static void set_gate(unsigned vector, u64 handler, u8 stack)
{
    gates[vector] = (struct gate){.offset_low = (u16)handler,
                                  .selector = SELECTOR_KERNEL_CODE,
                                  .stack = stack,
                                  .type = GATE_INTERRUPT,
                                  .offset_middle = (u16)(handler >> 16),
                                  .offset_high = (u32)(handler >> 32)};
}

void bare_segments_start(void)
{
    struct table_pointer pointer = {sizeof(segments) - 1, (u64)segments};

    load_task_state();
    __asm__ volatile("lgdt %0" : : "m"(pointer));
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
}

void bare_vectors_start(void)
{
    struct table_pointer pointer = {sizeof(gates) - 1, (u64)gates};

    for (unsigned i = 0; i < VECTOR_COUNT; i++)
        set_gate(i, (u64)bare_vector_stubs + i * VECTOR_STUB_BYTES, STACK_COMMON);
    gates[VECTOR_NMI].stack = STACK_NMI;
    gates[VECTOR_DOUBLE_FAULT].stack = STACK_DOUBLE_FAULT;
    gates[VECTOR_MACHINE_CHECK].stack = STACK_MACHINE_CHECK;
    set_gate(VECTOR_SPURIOUS, (u64)bare_vector_spurious, STACK_COMMON);
    __asm__ volatile("lidt %0" : : "m"(pointer));
}
