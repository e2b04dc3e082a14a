/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stub machine's traits: memory is an array, programs live nowhere.
 *
 * Holds:    the platform contract on no machine at all. It proves that the rooms above need nothing
 *           beyond platform.h (the stub kernel links with no undefined symbol), and it is the
 *           machine on which the rooms are tested on the host (tests/kernel).
 * Promises: frames, page tables and clocks work and are deterministic; nothing leaves the machine
 *           but platform_emergency_write.
 * Locking:  none, one CPU.
 * Refuses:  eager mapping: it is a demand platform.
 */
#include "platform/platform.h"

#define STUB_FRAMES 16384u /* 64 MiB */
#define STUB_FIRST_FRAME 0x100000ull

static u8 stub_memory[STUB_FRAMES * PAGE_SIZE] __attribute__((aligned(4096)));

u64 platform_direct_map;

const struct platform_traits *platform_traits(void)
{
    static const struct platform_traits traits = {
        .name = "stub",
        .demand_paging = true,
        .program_start = 0x10000,
        .program_end = 0x7ffffffff000,
        .frames_start = STUB_FIRST_FRAME,
        .frames_end = STUB_FIRST_FRAME + sizeof stub_memory,
        .memory_limit = sizeof stub_memory,
        .tick_ns = 10000000,
    };
    platform_direct_map = (u64)stub_memory - STUB_FIRST_FRAME;
    return &traits;
}

const struct platform_range *platform_frames_reserved(void)
{
    static const struct platform_range none[1];
    return none;
}

const struct platform_range *platform_program_reserved(void)
{
    static const struct platform_range none[1];
    return none;
}

const struct platform_blob *platform_boot_info(void)
{
    static const struct platform_blob none;
    return &none;
}

struct platform_blob stub_root_image; /* tests put one here */

const struct platform_blob *platform_root_image(void)
{
    return &stub_root_image;
}
