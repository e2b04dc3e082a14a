/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The start of the vm platform: from arch/bare's machine to on_start.
 *
 * Holds:    the platform's traits, the boot information and the root image.
 * Promises: frames are all RAM from the second page on; what is in use at boot is listed as
 *           reserved: holes of the memory map, the kernel with its early pages, the root image.
 * See:      platform/platform.h
 */
#include "arch/upcalls.h"
#include "lib/log.h"
#include "platform/vm/vm.h"

#define PROGRAM_START 0x10000ull /* Linux's vm.mmap_min_addr */
#define PROGRAM_END 0x7ffffffff000ull
#define TICK_NS 10000000u
#define BOOT_FILE "opt/org.elfin/boot"
#define RESERVED_MAX (BARE_RAM_RANGES + 4)

const struct bare_machine *vm_machine;
u64 platform_direct_map;

static struct platform_traits traits = {
    .name = "vm",
    .demand_paging = true,
    .privileged_programs = true,
    .program_start = PROGRAM_START,
    .program_end = PROGRAM_END,
    .tick_ns = TICK_NS,
};
static struct platform_range reserved[RESERVED_MAX];
static struct platform_blob boot_info, root_image;

const struct platform_traits *platform_traits(void)
{
    return &traits;
}

const struct platform_range *platform_frames_reserved(void)
{
    return reserved;
}

const struct platform_range *platform_program_reserved(void)
{
    static const struct platform_range none;
    return &none;
}

const struct platform_blob *platform_boot_info(void)
{
    return &boot_info;
}

const struct platform_blob *platform_root_image(void)
{
    return &root_image;
}

static void reserve_module(const struct bare_range *module, unsigned *count)
{
    u64 start = align_down(module->start, PAGE_SIZE);
    u64 end = align_up(module->start + module->length, PAGE_SIZE);

    if (module->length)
        reserved[(*count)++] = (struct platform_range){start, end - start};
}

static void find_frames(const struct bare_machine *m)
{
    struct bare_range kernel = bare_kernel_range();
    unsigned n = 0;
    u64 at = PAGE_SIZE; /* frame 0 stays out: paddr 0 looks like none */

    for (unsigned i = 0; i < m->ram_count; i++) {
        u64 start = m->ram[i].start, end = start + m->ram[i].length;
        if (start > at)
            reserved[n++] = (struct platform_range){at, start - at};
        at = max_u64(at, end);
        traits.memory_limit += end - start;
    }
    traits.frames_start = PAGE_SIZE;
    traits.frames_end = at;
    reserved[n++] = (struct platform_range){kernel.start, kernel.length};
    reserve_module(&m->root_image, &n);
    reserve_module(&m->boot_info, &n);
}

static struct platform_blob blob_of(const struct bare_range *module)
{
    if (!module->length)
        return (struct platform_blob){0};
    return (struct platform_blob){.data = paddr_to_pointer(module->start),
                                  .size = module->length,
                                  .paddr = module->start};
}

/* A loader that knows Elfin passes the boot information as a module; QEMU's own loader knows only
 * one module, so that it comes through fw_cfg. */
static struct platform_blob find_boot_info(const struct bare_machine *m)
{
    struct platform_blob found = blob_of(&m->boot_info);

    if (!found.data && bare_firmware_file(BOOT_FILE, &found.data, &found.size))
        found.paddr = pointer_to_paddr(found.data);
    return found.paddr ? found : (struct platform_blob){0};
}

noreturn_fn void bare_main(const struct bare_machine *machine)
{
    vm_machine = machine;
    traits.program_cs = bare_program_cs();
    traits.program_ss = bare_program_ss();
    platform_direct_map = bare_direct_map;
    bare_interrupts_start();
    boot_info = find_boot_info(machine);
    vm_clock_start();
    root_image = blob_of(&machine->root_image);
    find_frames(machine);
    bare_interrupts_on();
    on_start();
}
