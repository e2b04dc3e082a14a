/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * GICv2 and the timer's interrupt.
 *
 * Holds:    who owns which line.
 * Promises: the kernel runs with interrupts masked; those of a program are acknowledged on the
 *           thread's own stack (bare_traps.c), those of an idle machine in bare_interrupts_wait.
 * Refuses:  messages (no ITS).
 * See:      Arm Generic Interrupt Controller, architecture version 2
 */
#include "arch/aarch64/bare_cpu.h"
#include "arch/aarch64/bare_device_tree.h"
#include "arch/aarch64/bare_traps.h"
#include "arch/bare.h"
#include "lib/log.h"

#define TIMER_ID 27
#define SHARED_FIRST 32
#define SPURIOUS 1020
#define OWNERS_MAX 40

/* Distributor, in words. */
#define DISTRIBUTOR_CONTROL (0x000 / 4)
#define DISTRIBUTOR_ENABLE (0x100 / 4)
#define DISTRIBUTOR_TARGETS 0x800
/* CPU interface, in words. */
#define CPU_CONTROL (0x00 / 4)
#define CPU_PRIORITY_MASK (0x04 / 4)
#define CPU_ACKNOWLEDGE (0x0c / 4)
#define CPU_END (0x10 / 4)

static struct owner {
    u32 id;
    bare_acknowledge_fn *acknowledge;
    void *device;
} owners[OWNERS_MAX];
static unsigned owner_count;
static volatile u32 *distributor, *cpu;

static void enable(u32 id)
{
    ((volatile u8 *)distributor)[DISTRIBUTOR_TARGETS + id] = 1;
    distributor[DISTRIBUTOR_ENABLE + id / 32] = 1u << id % 32;
}

void bare_interrupts_start(void)
{
    const u64 page = 0x1000;

    if (!bare_devices.interrupt_controller)
        panic("no GICv2: start QEMU with -M virt,gic-version=2");
    distributor = mmu_map_device(bare_devices.interrupt_controller, page);
    cpu = mmu_map_device(bare_devices.interrupt_cpu, page);
    if (!distributor || !cpu)
        panic("no memory for device tables");
    distributor[DISTRIBUTOR_CONTROL] = 1;
    cpu[CPU_PRIORITY_MASK] = 0xff;
    cpu[CPU_CONTROL] = 1;
    enable(TIMER_ID);
}

/* Masked in all of the kernel; a program's own state says that they are on. */
void bare_interrupts_on(void) {}
void bare_interrupts_off(void) {}

static void acknowledge(u32 id)
{
    if (id == TIMER_ID)
        write_system("cntv_ctl_el0", 0); /* one shot */
    for (unsigned i = 0; i < owner_count; i++)
        if (owners[i].id == id)
            owners[i].acknowledge(owners[i].device);
}

void bare_acknowledge_all(void)
{
    for (;;) {
        u32 word = cpu[CPU_ACKNOWLEDGE], id = word & 0x3ff;
        if (id >= SPURIOUS)
            return;
        acknowledge(id);
        cpu[CPU_END] = word;
    }
}

/* WFI wakes for a pending interrupt though it is masked. */
void bare_interrupts_wait(void)
{
    __asm__ volatile("dsb sy\n\twfi" : : : "memory");
    bare_acknowledge_all();
}

bool bare_interrupt_line(u32 line, bare_acknowledge_fn *acknowledge_device, void *device)
{
    if (owner_count == OWNERS_MAX)
        return false;
    owners[owner_count++] = (struct owner){SHARED_FIRST + line, acknowledge_device, device};
    enable(SHARED_FIRST + line);
    return true;
}

bool bare_interrupt_message(unused_arg struct bare_message *out,
                            unused_arg bare_acknowledge_fn *acknowledge_device,
                            unused_arg void *device)
{
    return false;
}
