/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the device tree to bare_main.
 *
 * Holds:    a copy of what the loader said, and the early pages behind the kernel image.
 * Promises: at bare_main paging is final, vectors are set, interrupts are masked.
 * See:      bare_start.S
 */
#include "arch/aarch64/bare_cpu.h"
#include "arch/aarch64/bare_device_tree.h"
#include "arch/aarch64/bare_tables.h"
#include "arch/bare.h"
#include "lib/string.h"

extern const u8 kernel_start[], kernel_end[], bare_vectors[];

static struct bare_machine machine;
static paddr_t early_next;

static bool is_free_ram(paddr_t start, paddr_t end)
{
    if (start < machine.root_image.start + machine.root_image.length && machine.root_image.start < end)
        return false;
    for (unsigned i = 0; i < machine.ram_count; i++)
        if (machine.ram[i].start <= start && end <= machine.ram[i].start + machine.ram[i].length)
            return true;
    return false;
}

void *bare_early_pages(u64 count)
{
    paddr_t start = early_next, end = start + count * PAGE_SIZE;

    if (!is_free_ram(start, end))
        return NULL;
    early_next = end;
    return memset((void *)(DIRECT_MAP + start), 0, count * PAGE_SIZE);
}

struct bare_range bare_kernel_range(void)
{
    paddr_t start = (u64)kernel_start - KERNEL_BASE;
    return (struct bare_range){start, early_next - start};
}

u16 bare_program_cs(void) { return 0; }
u16 bare_program_ss(void) { return 0; }

/* From bare_start.S. The tree lies in the GiB that is mapped: QEMU puts it beside the kernel. */
noreturn_fn void bare_start_c(paddr_t tree);
noreturn_fn void bare_start_c(paddr_t tree)
{
    early_next = align_up((u64)kernel_end - KERNEL_BASE, PAGE_SIZE);
    write_system("vbar_el1", bare_vectors);
    if (!device_tree_read((const void *)(DIRECT_MAP + tree), &machine))
        bare_power_off(125);
    mmu_start(&machine);
    bare_clock_start();
    bare_main(&machine);
}
