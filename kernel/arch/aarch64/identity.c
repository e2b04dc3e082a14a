/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: what the CPU is, as Linux tells it to programs (uname, auxv, /proc/cpuinfo), and small
 *        services of the CPU: cycles, random numbers, backtraces.
 * See:   getauxval(3), the Arm ARM's ID registers (D17.2)
 */
#include "arch/arch.h"
#include "lib/printf.h"

#define EM_AARCH64 183
#define HWCAP_FP 0x1
#define HWCAP_ASIMD 0x2
#define HWCAP_AES 0x8
#define HWCAP_PMULL 0x10
#define HWCAP_SHA1 0x20
#define HWCAP_SHA2 0x40
#define HWCAP_CRC32 0x80
#define HWCAP_ATOMICS 0x100

#define read_register(name)                                                                        \
    ({                                                                                             \
        u64 value_;                                                                                \
        __asm__ volatile("mrs %0, " name : "=r"(value_));                                          \
        value_;                                                                                    \
    })

static unsigned field(u64 value, unsigned low) { return value >> low & 15; }

const char *arch_machine_name(void)
{
    return "aarch64";
}

const char *arch_platform_name(void)
{
    return "aarch64";
}

u16 arch_elf_machine(void)
{
    return EM_AARCH64;
}

u64 arch_hwcap(void)
{
    u64 isar0 = read_register("id_aa64isar0_el1"), caps = HWCAP_FP | HWCAP_ASIMD;

    if (field(isar0, 4) >= 1)
        caps |= HWCAP_AES;
    if (field(isar0, 4) >= 2)
        caps |= HWCAP_PMULL;
    if (field(isar0, 8))
        caps |= HWCAP_SHA1;
    if (field(isar0, 12))
        caps |= HWCAP_SHA2;
    if (field(isar0, 16))
        caps |= HWCAP_CRC32;
    if (field(isar0, 20) >= 2)
        caps |= HWCAP_ATOMICS;
    return caps;
}

u64 arch_hwcap2(void)
{
    return 0;
}

bool arch_random_u64(u64 *out)
{
    u64 failed;

    if (!field(read_register("id_aa64isar0_el1"), 60))
        return false;
    /* RNDR sets Z when it has nothing to give. */
    __asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %1, eq" : "=r"(*out), "=r"(failed) : : "cc");
    return !failed;
}

u64 arch_cycles(void)
{
    return read_register("cntvct_el0");
}

void arch_pause(void)
{
    __asm__ volatile("yield");
}

void arch_describe_frame(const struct trap_frame *f, char *out, size_t size)
{
    size_t at = (size_t)format_text(out, size, "pc %016lx sp %016lx pstate %08lx call %ld", f->pc,
                                    f->sp, f->pstate, (long)f->call_number);

    for (unsigned i = 0; i < 31 && at < size; i++)
        at += (size_t)format_text(out + at, size - at, "%sx%-2u %016lx", i % 4 ? " " : "\n", i,
                                  f->x[i]);
}

size_t arch_cpuinfo(char *out, size_t size, unused_arg u32 mhz)
{
    u64 midr = read_register("midr_el1");
    u64 frequency = read_register("cntfrq_el0");
    int n = format_text(out, size,
                        "processor\t: 0\nBogoMIPS\t: %lu.00\nFeatures\t: fp asimd\n"
                        "CPU implementer\t: 0x%02lx\nCPU architecture: 8\nCPU variant\t: 0x%lx\n"
                        "CPU part\t: 0x%03lx\nCPU revision\t: %lu\n\n",
                        frequency / 500000, midr >> 24 & 0xff, midr >> 20 & 15, midr >> 4 & 0xfff,
                        midr & 15);
    return min_u64((u64)n, size - 1);
}
