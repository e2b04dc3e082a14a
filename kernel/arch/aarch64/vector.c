/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The program's FPSIMD state: 32 registers of 128 bits, FPSR, FPCR.
 *
 * Holds:   the save area: the registers, then FPSR and FPCR.
 * Refuses: SVE and SME (AT_HWCAP does not offer them; using them is SIGILL).
 * See:     sigreturn(2), abi/linux/sigframe.h
 */
#include "abi/linux/sigframe.h"
#include "arch/arch.h"
#include "arch/aarch64/vector.h"
#include "lib/string.h"

struct area {
    u8 registers[VECTOR_REGISTERS * VECTOR_REGISTER_BYTES];
    u32 fpsr, fpcr;
    u8 padding[56];
};

_Static_assert(sizeof(struct area) % 64 == 0, "areas are 64-aligned");

size_t arch_vector_size(void)
{
    return sizeof(struct area);
}

void arch_vector_init_area(void *area)
{
    memset(area, 0, sizeof(struct area));
}

void arch_vector_save(void *area)
{
    struct area *a = area;
    u64 fpsr, fpcr;

    vector_store(a->registers);
    __asm__ volatile(".arch_extension fp\n\tmrs %0, fpsr\n\tmrs %1, fpcr"
                     : "=r"(fpsr), "=r"(fpcr));
    a->fpsr = (u32)fpsr;
    a->fpcr = (u32)fpcr;
}

void arch_vector_park(void *area)
{
    arch_vector_save(area);
}

void arch_vector_restore(const void *area)
{
    const struct area *a = area;

    vector_load(a->registers);
    __asm__ volatile(".arch_extension fp\n\tmsr fpsr, %0\n\tmsr fpcr, %1"
                     : : "r"((u64)a->fpsr), "r"((u64)a->fpcr));
}

/* Linux leaves the registers as they are when a handler starts. */
void arch_vector_reset(void)
{
}

size_t arch_vector_signal_size(void)
{
    return sizeof(struct linux_fpsimd_context);
}

void arch_vector_to_signal(const void *area, void *signal_form)
{
    const struct area *a = area;
    struct linux_fpsimd_context *out = signal_form;

    out->head.magic = FPSIMD_MAGIC;
    out->head.size = sizeof(*out);
    out->fpsr = a->fpsr;
    out->fpcr = a->fpcr;
    memcpy(out->vregs, a->registers, sizeof(a->registers));
}

bool arch_vector_from_signal(void *area, const void *signal_form, size_t length)
{
    struct area *a = area;
    const struct linux_fpsimd_context *in = signal_form;

    if (length < sizeof(*in) || in->head.magic != FPSIMD_MAGIC || in->head.size != sizeof(*in))
        return false;
    arch_vector_init_area(area);
    a->fpsr = in->fpsr;
    a->fpcr = in->fpcr;
    memcpy(a->registers, in->vregs, sizeof(a->registers));
    return true;
}
