/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds: rewritten call sites, of which this CPU has none yet: every call traps. */
#include "arch/arch.h"

size_t arch_patch_bytes(void) { return 0; }

bool arch_can_patch(unused_arg const u8 *text, unused_arg size_t length, unused_arg size_t patch)
{
    return false;
}

bool arch_is_patched(unused_arg const u8 *patch) { return false; }
void arch_stub_page_start(unused_arg u8 *page) {}

void arch_stub_write(unused_arg u8 *page, unused_arg size_t at, unused_arg const u8 *patch,
                     unused_arg s64 back)
{
}

void arch_patch_write(unused_arg u8 *patch, unused_arg s64 back) {}

bool arch_is_stub(unused_arg const u8 *stub) { return false; }

void arch_stub_settle(unused_arg struct trap_frame *frame, unused_arg const u8 *stub,
                      unused_arg u64 stub_address)
{
}
