/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    where the direct doors are, and what an event inside one becomes.
 * Promises: a program never sees a rip of a door: one that single-steps into it has made its call.
 * See:      direct_call.S; DESIGN 3.2
 */
#include "arch/arch.h"

extern const char arch_door_call[], arch_door_jump[], arch_door_short[];

u64 arch_door_address(void) { return (u64)arch_door_call; }

/* A step strikes before a door has changed anything, so the registers are the program's still. */
bool arch_door_settle(struct trap_frame *frame)
{
    bool is_call = frame->rip == (u64)arch_door_call;
    if (!is_call && frame->rip != (u64)arch_door_jump && frame->rip != (u64)arch_door_short)
        return false;
    frame->rip = frame->rcx;
    frame->r11 = frame->rflags;
    frame->call_number = frame->rax;
    frame->cs = is_call ? DOOR_CALL : DOOR_JUMP;
    return true;
}
