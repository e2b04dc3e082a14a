/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Local APIC, I/O APIC, and who owns which vector.
 *
 * Holds:    a table of acknowledge functions by vector.
 * Promises: the two 8259s are masked before interrupts are first allowed (on q35 the timer chip
 *           would arrive as a double fault); device lines and messages come to this CPU.
 * Refuses:  more devices than vectors; I/O APICs elsewhere than where every PC has them.
 * See:      Intel SDM volume 3, chapter 10; 82093AA (I/O APIC)
 */
#include "arch/x86_64/bare_interrupts.h"

#include "arch/bare.h"
#include "arch/x86_64/bare_cpu.h"
#include "arch/x86_64/bare_vectors.h"

#define APIC_BASE 0xfee00000ull
#define APIC_PAGE 4096
#define IO_APIC_BASE 0xfec00000ull
#define IO_APIC_2_BASE 0xfec10000ull /* QEMU microvm with ioapic2: lines from 24 on */
#define IO_APIC_LINES 24
#define IO_APIC_REDIRECT 0x10
#define REDIRECT_LEVEL 0x8000u
#define SPURIOUS_ENABLE 0x100u
#define PIC_1_DATA 0x21
#define PIC_2_DATA 0xa1
#define DEVICE_VECTORS (VECTOR_COUNT - VECTOR_DEVICES)

static volatile u32 *apic;
static struct {
    bare_acknowledge_fn *acknowledge;
    void *device;
} owners[DEVICE_VECTORS];
static unsigned owner_count;

u32 apic_read(u32 offset)
{
    return apic[offset / 4];
}

void apic_write(u32 offset, u32 value)
{
    apic[offset / 4] = value;
}

void apic_start(void)
{
    apic = mmu_map_device(APIC_BASE, APIC_PAGE);
    apic_write(APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
}

void bare_interrupts_start(void)
{
    out8(PIC_1_DATA, 0xff);
    out8(PIC_2_DATA, 0xff);
}

void bare_interrupts_on(void)
{
    __asm__ volatile("sti" : : : "memory");
}

void bare_interrupts_off(void)
{
    __asm__ volatile("cli" : : : "memory");
}

/* sti holds interrupts off for one more instruction: none is lost before hlt. */
void bare_interrupts_wait(void)
{
    __asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}

void bare_acknowledge(u64 vector)
{
    u64 index = vector - VECTOR_DEVICES;

    if (vector >= VECTOR_DEVICES && index < owner_count)
        owners[index].acknowledge(owners[index].device);
    apic_write(APIC_EOI, 0);
}

static bool take_vector(u32 *vector, bare_acknowledge_fn *acknowledge, void *device)
{
    if (owner_count == DEVICE_VECTORS)
        return false;
    owners[owner_count].acknowledge = acknowledge;
    owners[owner_count].device = device;
    *vector = VECTOR_DEVICES + owner_count++;
    return true;
}

bool bare_interrupt_line(u32 line, bare_acknowledge_fn *acknowledge, void *device)
{
    paddr_t base = line < IO_APIC_LINES ? IO_APIC_BASE : IO_APIC_2_BASE;
    volatile u32 *io_apic = mmu_map_device(base, APIC_PAGE);
    u32 vector, entry = IO_APIC_REDIRECT + line % IO_APIC_LINES * 2;

    if (!io_apic || line >= 2 * IO_APIC_LINES || !take_vector(&vector, acknowledge, device))
        return false;
    io_apic[0] = entry + 1; /* destination: this CPU */
    io_apic[4] = apic_read(APIC_ID);
    io_apic[0] = entry;
    io_apic[4] = vector | REDIRECT_LEVEL;
    return true;
}

bool bare_interrupt_message(struct bare_message *out, bare_acknowledge_fn *acknowledge,
                            void *device)
{
    u32 vector;

    if (!take_vector(&vector, acknowledge, device))
        return false;
    out->address = APIC_BASE | (apic_read(APIC_ID) >> 24) << 12;
    out->data = vector;
    return true;
}
