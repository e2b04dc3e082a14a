/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: the search in user_copy.S's table of instructions that may fault.
 */
#include "arch/arch.h"

struct fixup {
    s32 instruction, target; /* relative to the fields themselves */
};

extern const struct fixup arch_fixup_table[], arch_fixup_table_end[];

static u64 relative(const s32 *field)
{
    return (u64)field + (u64)(s64)*field;
}

bool arch_fixup(struct trap_frame *frame)
{
    for (const struct fixup *f = arch_fixup_table; f < arch_fixup_table_end; f++) {
        if (relative(&f->instruction) == frame_pc(frame)) {
            frame_set_pc(frame, relative(&f->target));
            return true;
        }
    }
    return false;
}
