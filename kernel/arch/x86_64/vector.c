/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's x87, SSE, AVX and AVX-512 state.
 *
 * Holds:    the layout of a save area: XSAVE's standard format, or FXSAVE's 512 bytes where the
 *           CPU has no XSAVE (QEMU's smallest model).
 * Promises: an area is valid for restore from arch_vector_init_area on; what a program hands back
 *           through a sigframe is checked so that XRSTOR cannot fault in the kernel.
 * Refuses:  AMX (a program needs arch_prctl to ask for it, which answers no).
 * See:      Intel SDM volume 1, chapter 13; sigreturn(2); abi/linux/sigframe.h
 */
#include "abi/linux/sigframe.h"
#include "arch/arch.h"
#include "arch/x86_64/cpu.h"
#include "lib/string.h"

#define XFEATURE_FP 1ull
#define XFEATURE_SSE 2ull
#define XFEATURE_AVX 4ull
/* x87, SSE, AVX, the three parts of AVX-512, PKRU */
#define XFEATURES_KNOWN 0x2e7ull

#define FXSAVE_BYTES 512
#define XSAVE_HEADER_BYTES 64
#define OFFSET_FCW 0
#define OFFSET_MXCSR 24
#define OFFSET_MXCSR_MASK 28
#define OFFSET_SW_RESERVED 464
#define OFFSET_XSTATE_BV 512

#define FCW_INIT 0x37f
#define MXCSR_INIT 0x1f80
#define MXCSR_MASK_DEFAULT 0xffbf /* where the CPU reports 0 */

static struct {
    bool known;
    u64 features;  /* what XSAVE saves; 0: FXSAVE only */
    u32 bytes;     /* of an area, unrounded */
    u32 mxcsr_mask;
    bool optimized; /* XSAVEOPT is there */
} layout;

static u32 find_mxcsr_mask(void)
{
    u8 area[FXSAVE_BYTES] __attribute__((aligned(16)));
    u32 mask;

    memset(area, 0, sizeof(area));
    __asm__ volatile("fxsave64 %0" : "=m"(area));
    memcpy(&mask, area + OFFSET_MXCSR_MASK, sizeof(mask));
    return mask ? mask : MXCSR_MASK_DEFAULT;
}

static void find_layout(void)
{
    if (layout.known)
        return;
    layout.bytes = FXSAVE_BYTES;
    if (cpuid(1, 0).ecx & CPUID1_ECX_OSXSAVE) {
        layout.features = xgetbv0() & XFEATURES_KNOWN;
        layout.bytes = FXSAVE_BYTES + XSAVE_HEADER_BYTES;
        for (u32 i = 2; i < 63; i++) {
            if (!(layout.features >> i & 1))
                continue;
            struct cpuid part = cpuid(0xd, i);
            if (part.ebx + part.eax > layout.bytes)
                layout.bytes = part.ebx + part.eax;
        }
    }
    layout.mxcsr_mask = find_mxcsr_mask();
    layout.optimized = layout.features && cpuid(0xd, 1).eax & CPUIDD_1_EAX_XSAVEOPT;
    layout.known = true;
}

size_t arch_vector_size(void)
{
    find_layout();
    return align_up(layout.bytes, 64);
}

void arch_vector_init_area(void *area)
{
    const u16 fcw = FCW_INIT;
    const u32 mxcsr = MXCSR_INIT;

    memset(area, 0, arch_vector_size());
    memcpy((u8 *)area + OFFSET_FCW, &fcw, sizeof(fcw));
    memcpy((u8 *)area + OFFSET_MXCSR, &mxcsr, sizeof(mxcsr));
}

void arch_vector_save(void *area)
{
    find_layout();
    if (layout.features)
        __asm__ volatile("xsave64 (%0)"
                         :
                         : "r"(area), "a"((u32)layout.features), "d"((u32)(layout.features >> 32))
                         : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void arch_vector_park(void *area)
{
    if (!layout.optimized) {
        arch_vector_save(area);
        return;
    }
    /* MXCSR is left out with SSE and AVX in their initial state, but XRSTOR always reads it. */
    __asm__ volatile("xsaveopt64 (%0)\n\tstmxcsr 24(%0)"
                     :
                     : "r"(area), "a"((u32)layout.features), "d"((u32)(layout.features >> 32))
                     : "memory");
}

void arch_vector_restore(const void *area)
{
    find_layout();
    if (layout.features)
        __asm__ volatile("xrstor64 (%0)"
                         :
                         : "r"(area), "a"((u32)layout.features), "d"((u32)(layout.features >> 32))
                         : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

void arch_vector_reset(void)
{
    /* XSTATE_BV 0: everything goes to its initial state; no part beyond the header is read. */
    static u8 initial[FXSAVE_BYTES + XSAVE_HEADER_BYTES] __attribute__((aligned(64)));
    const u16 fcw = FCW_INIT;
    const u32 mxcsr = MXCSR_INIT;

    memcpy(initial + OFFSET_FCW, &fcw, sizeof(fcw));
    memcpy(initial + OFFSET_MXCSR, &mxcsr, sizeof(mxcsr));
    arch_vector_restore(initial);
}

size_t arch_vector_signal_size(void)
{
    find_layout();
    return layout.features ? layout.bytes + FP_XSTATE_MAGIC2_SIZE : FXSAVE_BYTES;
}

void arch_vector_to_signal(const void *area, void *signal_form)
{
    u8 *out = signal_form;
    const u32 magic2 = FP_XSTATE_MAGIC2;
    struct linux_fpx_sw_bytes software = {0};
    u64 present;

    find_layout();
    memcpy(out, area, layout.bytes);
    if (layout.features) {
        /* XSAVE stored x87 and SSE whether in use or not: readers may rely on them. */
        memcpy(&present, out + OFFSET_XSTATE_BV, sizeof(present));
        present |= XFEATURE_FP | XFEATURE_SSE;
        memcpy(out + OFFSET_XSTATE_BV, &present, sizeof(present));
        software.magic1 = FP_XSTATE_MAGIC1;
        software.extended_size = layout.bytes + FP_XSTATE_MAGIC2_SIZE;
        software.xfeatures = layout.features;
        software.xstate_size = layout.bytes;
        memcpy(out + layout.bytes, &magic2, sizeof(magic2));
    }
    memcpy(out + OFFSET_SW_RESERVED, &software, sizeof(software));
}

/* Does the program's record hold more than FXSAVE's part? Linux asks the same questions. */
static bool has_extended(const u8 *in, size_t length, struct linux_fpx_sw_bytes *software)
{
    u32 magic2;

    memcpy(software, in + OFFSET_SW_RESERVED, sizeof(*software));
    if (!layout.features || software->magic1 != FP_XSTATE_MAGIC1 ||
        software->xstate_size < FXSAVE_BYTES + XSAVE_HEADER_BYTES ||
        software->xstate_size > layout.bytes ||
        software->xstate_size > software->extended_size ||
        software->xstate_size + FP_XSTATE_MAGIC2_SIZE > length)
        return false;
    memcpy(&magic2, in + software->xstate_size, sizeof(magic2));
    return magic2 == FP_XSTATE_MAGIC2;
}

bool arch_vector_from_signal(void *area, const void *signal_form, size_t length)
{
    const u8 *in = signal_form;
    u8 *out = area;
    struct linux_fpx_sw_bytes software;
    u64 present = XFEATURE_FP | XFEATURE_SSE;
    u32 mxcsr;

    find_layout();
    if (length < FXSAVE_BYTES)
        return false;
    memcpy(&mxcsr, in + OFFSET_MXCSR, sizeof(mxcsr));
    if (mxcsr & ~layout.mxcsr_mask)
        return false;
    arch_vector_init_area(area);
    if (!has_extended(in, length, &software)) {
        memcpy(out, in, FXSAVE_BYTES);
    } else {
        memcpy(out, in, software.xstate_size);
        memcpy(&present, in + OFFSET_XSTATE_BV, sizeof(present));
        present &= software.xfeatures & layout.features;
    }
    if (layout.features) { /* compacted form and reserved bits would make XRSTOR fault */
        memset(out + OFFSET_XSTATE_BV, 0, XSAVE_HEADER_BYTES);
        memcpy(out + OFFSET_XSTATE_BV, &present, sizeof(present));
    }
    return true;
}
