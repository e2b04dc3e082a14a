/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rewritten call sites: `mov $nr,%eax; syscall` whose mov became a jump.
 *
 * Holds:    the form of the jump and of its stub:
 *               mov $nr,%eax;  lea RETURN(%rip),%rcx;  jmp *DOOR(%rip)
 *           The stub's page begins with the door's address, so the kernel may lie anywhere.
 * Promises: a stub does what mov and syscall did, no more: rcx is the address behind the site, the
 *           stack is not touched. The `syscall` stays, so who stands before it traps.
 * Refuses:  what may be the tail of another instruction: streams of instructions from many starting
 *           points before must all arrive at the mov.
 * See:      DESIGN 3.4; direct_call.S; privileged.c, which finds hlt in the same way
 */
#include "arch/arch.h"
#include "arch/x86_64/instruction.h"
#include "lib/string.h"

#define MOV_EAX 0xb8
#define JMP 0xe9
#define BREAKPOINT 0xcc
#define PATCH_BYTES 5

#define STUB_LEA 5       /* offsets in a stub */
#define STUB_JMP 12
#define STUB_END 18

#define RUN_IN_FAR 96u   /* streams start in [patch - FAR, patch - NEAR] */
#define RUN_IN_NEAR 48u
#define RUN_IN_LEAST 24u

extern const char arch_door_jump[];

size_t arch_patch_bytes(void) { return PATCH_BYTES; }

/* Compilers fall into step within a few instructions. */
static bool streams_arrive(const u8 *text, size_t patch)
{
    size_t from = patch > RUN_IN_FAR ? patch - RUN_IN_FAR : 0;
    size_t to = patch > RUN_IN_NEAR ? patch - RUN_IN_NEAR : 0;
    struct instruction i;

    for (size_t start = from; start <= to; start++) {
        size_t at = start;
        while (at < patch)
            at += instruction_decode(text + at, patch + PATCH_BYTES - at, &i) ? i.length : 1;
        if (at != patch)
            return false;
    }
    return true;
}

bool arch_can_patch(const u8 *text, size_t length, size_t patch)
{
    return patch + PATCH_BYTES <= length && patch >= RUN_IN_LEAST && text[patch] == MOV_EAX &&
           streams_arrive(text, patch);
}

bool arch_is_patched(const u8 *patch) { return *patch == JMP; }

static void put_i32(u8 *to, s64 value)
{
    s32 v = (s32)value;
    memcpy(to, &v, sizeof(v));
}

void arch_stub_page_start(u8 *page)
{
    u64 door = (u64)arch_door_jump;
    memcpy(page, &door, sizeof(door));
}

void arch_stub_write(u8 *page, size_t at, const u8 *patch, s64 back)
{
    u8 stub[ARCH_STUB_BYTES];

    memset(stub, BREAKPOINT, sizeof(stub));
    memcpy(stub, patch, PATCH_BYTES);
    stub[STUB_LEA] = 0x48;
    stub[STUB_LEA + 1] = 0x8d;
    stub[STUB_LEA + 2] = 0x0d;
    put_i32(stub + STUB_LEA + 3, back + PATCH_BYTES + SITE_BYTES - STUB_JMP);
    stub[STUB_JMP] = 0xff;
    stub[STUB_JMP + 1] = 0x25;
    put_i32(stub + STUB_JMP + 2, -(s64)(at + STUB_END));
    memcpy(page + at, stub, sizeof(stub));
}

void arch_patch_write(u8 *patch, s64 back)
{
    u8 jump[PATCH_BYTES] = {JMP};

    put_i32(jump + 1, -back - PATCH_BYTES);
    memcpy(patch, jump, sizeof(jump));
}

bool arch_is_stub(const u8 *stub) { return *stub == MOV_EAX; }

/* Wherever in the stub it is: the mov is done, the site comes next. */
void arch_stub_settle(struct trap_frame *frame, const u8 *stub, u64 stub_address)
{
    u32 number;
    s32 back;

    memcpy(&number, stub + 1, sizeof(number));
    memcpy(&back, stub + STUB_LEA + 3, sizeof(back));
    frame->rax = number;
    frame->rip = stub_address + STUB_JMP + (u64)(s64)back - SITE_BYTES;
}
