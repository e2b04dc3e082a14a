/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the PVH start info to bare_main.
 *
 * Holds:    a copy of what the loader said, and the early pages behind the kernel image.
 * Promises: at bare_main the CPU is as the kernel wants it: own segments and vectors, all vector
 *           state the CPU has is enabled, FSGSBASE on, `syscall` leads to the trap door.
 * Refuses:  a CPU without FSGSBASE (says so on the emergency channel).
 * See:      the x86/HVM direct boot ABI, struct hvm_start_info
 */
#include "arch/bare.h"
#include "arch/x86_64/bare_cpu.h"
#include "arch/x86_64/bare_tables.h"
#include "arch/x86_64/flags.h"
#include "arch/x86_64/segments.h"
#include "lib/string.h"

#define START_MAGIC 0x336ec578
#define MEMORY_RAM 1
#define LOW_GIB (1ull << 30)
#define CR4_FSGSBASE 0x10000
#define CR4_OSXSAVE 0x40000
#define XCR0_WANTED 0xe7ull /* x87, SSE, AVX, AVX-512 */
#define XCR0_AVX512 0xe0ull

struct start_info {
    u32 magic, version, flags, module_count;
    u64 modules, command_line, rsdp;
    /* version 1 */
    u64 memory_map;
    u32 memory_map_entries, reserved;
};

struct start_module {
    u64 start, size, command_line, reserved;
};

struct start_memory {
    u64 start, size;
    u32 type, reserved;
};

extern const u8 kernel_start[], kernel_end[];
void arch_trap_entry(void);

static struct bare_machine machine;
static paddr_t early_next;

static const void *loader_data(u64 p)
{
    return p && p < LOW_GIB ? (const void *)(DIRECT_MAP + p) : NULL;
}

static void read_memory_map(const struct start_info *info)
{
    const struct start_memory *map = info->version >= 1 ? loader_data(info->memory_map) : NULL;

    for (u32 i = 0; map && i < info->memory_map_entries; i++) {
        if (map[i].type != MEMORY_RAM || machine.ram_count == BARE_RAM_RANGES)
            continue;
        u64 start = align_up(map[i].start, PAGE_SIZE);
        u64 end = align_down(map[i].start + map[i].size, PAGE_SIZE);
        if (start < end)
            machine.ram[machine.ram_count++] = (struct bare_range){start, end - start};
    }
}

/* The first is the root image, the second, where the loader knows Elfin, the boot information. */
static void read_modules(const struct start_info *info)
{
    struct bare_range *const wanted[] = {&machine.root_image, &machine.boot_info};
    const struct start_module *modules = loader_data(info->modules);

    for (u32 i = 0; modules && i < info->module_count && i < ARRAY_SIZE(wanted); i++)
        *wanted[i] = (struct bare_range){modules[i].start, modules[i].size};
}

static void read_start_info(u32 start_info)
{
    const struct start_info *info = loader_data(start_info);
    if (!info || info->magic != START_MAGIC)
        return;
    read_memory_map(info);
    read_modules(info);
    const char *text = loader_data(info->command_line);
    if (text)
        memcpy(machine.command_line, text, strnlen(text, BARE_COMMAND_LINE_BYTES - 1));
}

static bool is_free_ram(paddr_t start, paddr_t end)
{
    const struct bare_range *const modules[] = {&machine.root_image, &machine.boot_info};

    for (unsigned i = 0; i < ARRAY_SIZE(modules); i++)
        if (start < modules[i]->start + modules[i]->length && modules[i]->start < end)
            return false;
    for (unsigned i = 0; i < machine.ram_count; i++)
        if (machine.ram[i].start <= start &&
            end <= machine.ram[i].start + machine.ram[i].length)
            return true;
    return false;
}

void *bare_early_pages(u64 count)
{
    paddr_t start = early_next, end = start + count * PAGE_SIZE;

    if (!is_free_ram(start, end) || end > LOW_GIB)
        return NULL;
    early_next = end;
    return memset((void *)(DIRECT_MAP + start), 0, count * PAGE_SIZE);
}

struct bare_range bare_kernel_range(void)
{
    paddr_t start = (u64)kernel_start - KERNEL_BASE;
    return (struct bare_range){start, early_next - start};
}

u16 bare_program_cs(void) { return SELECTOR_KERNEL_CODE; }
u16 bare_program_ss(void) { return SELECTOR_KERNEL_DATA; }

static bool enable_cpu_features(void)
{
    if (!(cpuid(7, 0).ebx & CPUID7_EBX_FSGSBASE))
        return false;
    write_cr4(read_cr4() | CR4_FSGSBASE);
    if (cpuid(1, 0).ecx & CPUID1_ECX_XSAVE) {
        write_cr4(read_cr4() | CR4_OSXSAVE);
        u64 wanted = cpuid(0xd, 0).eax & XCR0_WANTED;
        if ((wanted & XCR0_AVX512) != XCR0_AVX512)
            wanted &= ~XCR0_AVX512;
        xsetbv0(wanted);
    }
    return true;
}

static void open_trap_door(void)
{
    wrmsr(MSR_STAR, (u64)SELECTOR_KERNEL_CODE << 32);
    wrmsr(MSR_LSTAR, (u64)arch_trap_entry);
    wrmsr(MSR_FMASK, RFLAGS_ENTRY_MASK);
}

static u64 ram_end(void)
{
    u64 end = 0;
    for (unsigned i = 0; i < machine.ram_count; i++)
        end = max_u64(end, machine.ram[i].start + machine.ram[i].length);
    return end;
}

static noreturn_fn void refuse(const char *text)
{
    bare_emergency_write(text, strlen(text));
    bare_power_off(125);
}

/* From bare_start.S. */
noreturn_fn void bare_start_c(u32 start_info);
noreturn_fn void bare_start_c(u32 start_info)
{
    early_next = align_up((u64)kernel_end - KERNEL_BASE, PAGE_SIZE);
    bare_segments_start();
    bare_vectors_start();
    read_start_info(start_info);
    if (!is_free_ram(early_next, early_next + 16 * PAGE_SIZE))
        refuse("elfin: not enough memory for the kernel\n");
    if (!enable_cpu_features())
        refuse("elfin: this CPU has no FSGSBASE\n");
    mmu_start(ram_end());
    bare_clock_start();
    open_trap_door();
    bare_main(&machine);
}
