/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: rewritten call sites, of which this CPU has none yet: every call traps. */
#include "arch/arch.h"

bool arch_can_patch(unused_arg const u8 *text, unused_arg size_t length, unused_arg size_t site,
                    unused_arg struct arch_patch *out)
{
    return false;
}

bool arch_patch_is_sane(unused_arg const struct arch_patch *p) { return false; }
size_t arch_stub_bytes(unused_arg const struct arch_patch *p) { return 0; }

size_t arch_stub_to_text(unused_arg const struct arch_patch *p, size_t in_stub) { return in_stub; }
size_t arch_text_to_stub(unused_arg const struct arch_patch *p, size_t in_text) { return in_text; }
void arch_stub_page_start(unused_arg u8 *page) {}

void arch_stub_write(unused_arg u8 *page, unused_arg size_t at, unused_arg const u8 *text,
                     unused_arg const struct arch_patch *p, unused_arg s64 back)
{
}

void arch_patch_write(unused_arg u8 *text, unused_arg const struct arch_patch *p,
                      unused_arg s64 back)
{
}
