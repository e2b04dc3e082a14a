/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: what the CPU is, as Linux tells it to programs (uname, auxv, /proc/cpuinfo), and small
 *        services of the CPU: cycles, random numbers, backtraces.
 * See:   getauxval(3), proc_cpuinfo(5)
 */
#include "arch/arch.h"
#include "arch/x86_64/cpu.h"
#include "lib/printf.h"
#include "lib/string.h"

#define HWCAP2_FSGSBASE 2
#define EM_X86_64 62
#define RDRAND_TRIES 10

const char *arch_machine_name(void)
{
    return "x86_64";
}

const char *arch_platform_name(void)
{
    return "x86_64";
}

u16 arch_elf_machine(void)
{
    return EM_X86_64;
}

u64 arch_hwcap(void)
{
    return cpuid(1, 0).edx;
}

u64 arch_hwcap2(void)
{
    return cpuid(7, 0).ebx & CPUID7_EBX_FSGSBASE ? HWCAP2_FSGSBASE : 0;
}

bool arch_random_u64(u64 *out)
{
    bool ok = false;

    if (!(cpuid(1, 0).ecx & CPUID1_ECX_RDRAND))
        return false;
    for (int i = 0; i < RDRAND_TRIES && !ok; i++)
        __asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(ok));
    return ok;
}

u64 arch_cycles(void)
{
    return rdtsc();
}

void arch_pause(void)
{
    __asm__ volatile("pause");
}

void arch_describe_frame(const struct trap_frame *f, char *out, size_t size)
{
    format_text(out, size,
                "rip %016lx rsp %016lx rflags %08lx call %ld\n"
                "rax %016lx rbx %016lx rcx %016lx rdx %016lx\n"
                "rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n"
                "r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n"
                "r13 %016lx r14 %016lx r15 %016lx",
                f->rip, f->rsp, f->rflags, (long)f->call_number, f->rax, f->rbx, f->rcx, f->rdx,
                f->rsi, f->rdi, f->rbp, f->r8, f->r9, f->r10, f->r11, f->r12, f->r13, f->r14,
                f->r15);
}

/* Feature names as Linux spells them, for the leaves programs look at. */
struct flag_name {
    u8 leaf; /* 1: leaf 1, 7: leaf 7, 128: leaf 0x80000001 */
    char reg; /* 'b', 'c', 'd' */
    u8 bit;
    const char *name;
};

static const struct flag_name flag_names[] = {
    {1, 'd', 0, "fpu"}, {1, 'd', 1, "vme"}, {1, 'd', 2, "de"}, {1, 'd', 3, "pse"},
    {1, 'd', 4, "tsc"}, {1, 'd', 5, "msr"}, {1, 'd', 6, "pae"}, {1, 'd', 7, "mce"},
    {1, 'd', 8, "cx8"}, {1, 'd', 9, "apic"}, {1, 'd', 11, "sep"}, {1, 'd', 12, "mtrr"},
    {1, 'd', 13, "pge"}, {1, 'd', 14, "mca"}, {1, 'd', 15, "cmov"}, {1, 'd', 16, "pat"},
    {1, 'd', 17, "pse36"}, {1, 'd', 19, "clflush"}, {1, 'd', 23, "mmx"}, {1, 'd', 24, "fxsr"},
    {1, 'd', 25, "sse"}, {1, 'd', 26, "sse2"}, {1, 'd', 28, "ht"},
    {128, 'd', 11, "syscall"}, {128, 'd', 20, "nx"}, {128, 'd', 26, "pdpe1gb"},
    {128, 'd', 27, "rdtscp"}, {128, 'd', 29, "lm"},
    {1, 'c', 0, "pni"}, {1, 'c', 1, "pclmulqdq"}, {1, 'c', 9, "ssse3"}, {1, 'c', 12, "fma"},
    {1, 'c', 13, "cx16"}, {1, 'c', 19, "sse4_1"}, {1, 'c', 20, "sse4_2"}, {1, 'c', 22, "movbe"},
    {1, 'c', 23, "popcnt"}, {1, 'c', 25, "aes"}, {1, 'c', 26, "xsave"}, {1, 'c', 28, "avx"},
    {1, 'c', 29, "f16c"}, {1, 'c', 30, "rdrand"}, {1, 'c', 31, "hypervisor"},
    {128, 'c', 0, "lahf_lm"}, {128, 'c', 5, "abm"}, {128, 'c', 6, "sse4a"},
    {7, 'b', 0, "fsgsbase"}, {7, 'b', 3, "bmi1"}, {7, 'b', 5, "avx2"}, {7, 'b', 8, "bmi2"},
    {7, 'b', 9, "erms"}, {7, 'b', 16, "avx512f"}, {7, 'b', 17, "avx512dq"},
    {7, 'b', 18, "rdseed"}, {7, 'b', 19, "adx"}, {7, 'b', 29, "sha_ni"},
    {7, 'b', 30, "avx512bw"}, {7, 'b', 31, "avx512vl"},
};

static bool has_flag(const struct flag_name *f)
{
    u32 leaf = f->leaf == 128 ? 0x80000001 : f->leaf;
    struct cpuid r = cpuid(leaf, 0);
    u32 word = f->reg == 'b' ? r.ebx : f->reg == 'c' ? r.ecx : r.edx;
    return word >> f->bit & 1;
}

static void read_brand(char brand[49])
{
    for (u32 i = 0; i < 3; i++) {
        struct cpuid r = cpuid(0x80000002 + i, 0);
        memcpy(brand + i * 16, &r, 16);
    }
    brand[48] = 0;
}

struct processor {
    char vendor[13], brand[49];
    u32 family, model, stepping, address_bits, line_bytes;
};

static void identify(struct processor *p)
{
    struct cpuid zero = cpuid(0, 0), one = cpuid(1, 0);

    memcpy(p->vendor, &zero.ebx, 4);
    memcpy(p->vendor + 4, &zero.edx, 4);
    memcpy(p->vendor + 8, &zero.ecx, 4);
    p->vendor[12] = 0;
    read_brand(p->brand);
    p->stepping = one.eax & 15;
    p->family = one.eax >> 8 & 15;
    p->model = one.eax >> 4 & 15;
    if (p->family == 6 || p->family == 15)
        p->model |= (one.eax >> 16 & 15) << 4;
    if (p->family == 15)
        p->family += one.eax >> 20 & 255;
    p->address_bits = cpuid(0x80000008, 0).eax;
    p->line_bytes = (one.ebx >> 8 & 255) * 8;
}

static size_t append(char *out, size_t size, size_t at, const char *text)
{
    if (at >= size)
        return at;
    int n = format_text(out + at, size - at, "%s", text);
    return at + min_u64((u64)n, size - at - 1);
}

size_t arch_cpuinfo(char *out, size_t size, u32 mhz)
{
    struct processor p;
    char text[512];
    size_t at = 0;

    identify(&p);
    format_text(text, sizeof(text),
                "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n"
                "model name\t: %s\nstepping\t: %u\ncpu MHz\t\t: %u.000\nphysical id\t: 0\n"
                "siblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\nfpu\t\t: yes\n"
                "fpu_exception\t: yes\ncpuid level\t: %u\nwp\t\t: yes\nflags\t\t:",
                p.vendor, p.family, p.model, p.brand, p.stepping, mhz, cpuid(0, 0).eax);
    at = append(out, size, at, text);
    for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
        if (!has_flag(&flag_names[i]))
            continue;
        at = append(out, size, at, " ");
        at = append(out, size, at, flag_names[i].name);
    }
    format_text(text, sizeof(text),
                "\nbogomips\t: %u.00\nclflush size\t: %u\ncache_alignment\t: %u\n"
                "address sizes\t: %u bits physical, %u bits virtual\npower management:\n\n",
                mhz * 2, p.line_bytes, p.line_bytes, p.address_bits & 255,
                p.address_bits >> 8 & 255);
    return append(out, size, at, text);
}
