/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kernel code can be killed at any instruction: its stores are undone up to the last checkpoint.
 *
 * Holds:    the log of overwritten values since the last checkpoint, and the stack as it was there.
 *           The CPU block's word `undo` says how many values there are (low half) and what kind of
 *           checkpoint it is (high half), so that one store makes a new one.
 * Promises: host_undo brings kernel memory back to the last checkpoint, and says where to go on:
 *             the exit to a program        nowhere; the program was about to enter the kernel;
 *             a switch to another stack    there, before anything ran on it;
 *             hosted_checkpoint()          where it was called: it returns once more.
 *           Checkpoints are made where a process changes hands (baton.c), before the idle wait, and
 *           where something was done that must not be done twice (a stream was read or written).
 * Locking:  the baton; host_undo runs in the supervisor while the holder is dead.
 * Refuses:  undoing the boot, and more stores than the log holds.
 * See:      decision 0302; lib/undo.h; the compiler calls __asan_store* before each store.
 */
#include "lib/undo.h"

#include "arch/cpu_block.h"
#include "lib/sanitizer.h"
#include "lib/string.h"
#include "platform/process/host.h"

#ifndef UNDO_STORES /* a kernel of one process: its end is the machine's */

void host_undo_boot(void) { cpu_block.undo = 1; }
void hosted_checkpoint_at(unused_arg u64 sp) {}
void host_checkpoint_for(unused_arg u64 sp, unused_arg u32 task) {}
bool host_undo(unused_arg u64 *sp, unused_arg u32 *task) { return !cpu_block.undo; }

#else

#define LOG_ENTRIES 0x20000u
#define COUNT_MASK 0x7fffffffu
#define PAGES_FREED 0x80000000u /* in the low half */
#define KIND_SHIFT 32
#define KIND_STACK 1ul          /* and 2: which of the two copies of a stack */
#define KIND_BOOT 3ul
#define WHOLE_BYTES 2048        /* what is larger is page data, dead until it was written */
#define HEAD_BYTES 64
#define SIZE_SHIFT 60           /* in entry.where: addresses are shorter */

struct entry {
    u64 where, old;
};
static struct entry undo_log[LOG_ENTRIES];

#define SMALL_BYTES 1024 /* most are: they lie where a fork's child needs no page more for them */
static struct stack_copy {
    u64 sp, length;
    u64 task; /* where it goes on */
    u64 small[SMALL_BYTES / 8];
} stack_copies[2];
static u64 large_copies[2][PLATFORM_STACK_BYTES / 8];

static u64 *bytes_of(struct stack_copy *copy)
{
    return copy->length <= SMALL_BYTES ? copy->small : large_copies[copy - stack_copies];
}

static u64 stack_pointer(void)
{
    u64 sp;
    __asm__("movq %%rsp, %0" : "=r"(sp));
    return sp;
}

/* --- the log --- */

/* What lies on the running stack is in its copy, or nobody will ask for it. */
static inline bool on_this_stack(u64 address)
{
    return (address ^ stack_pointer()) < PLATFORM_STACK_BYTES;
}

static inline void note(u64 address, u64 old, u64 size_code)
{
    u64 word = cpu_block.undo;
    u32 n = (u32)word & COUNT_MASK;
    if (n == LOG_ENTRIES)
        return;
    undo_log[n] = (struct entry){address | size_code << SIZE_SHIFT, old};
    __atomic_store_n(&cpu_block.undo, word + 1, __ATOMIC_RELEASE);
}

#define STORE_OF(bytes, type, size_code)                                                           \
    void __asan_store##bytes(u64 address);                                                         \
    void __asan_store##bytes(u64 address)                                                          \
    {                                                                                              \
        sanitizer_check((const void *)address, bytes, true);                                       \
        if (!on_this_stack(address))                                                               \
            note(address, *(const type *)address, size_code);                                      \
    }
STORE_OF(1, u8, 0)
STORE_OF(2, u16, 1)
STORE_OF(4, u32, 2)
STORE_OF(8, u64, 3)

static void note_bytes(u64 at, u64 end)
{
    for (; end - at >= 8; at += 8)
        note(at, *(const u64 *)at, 3);
    for (; at < end; at++)
        note(at, *(const u8 *)at, 0);
}

void undo_note(const void *p, size_t n)
{
    u64 at = (u64)p;
    sanitizer_check(p, n, true);
    if (on_this_stack(at))
        return;
    bool whole = n <= WHOLE_BYTES || (cpu_block.undo & PAGES_FREED);
    note_bytes(at, at + (whole ? n : HEAD_BYTES));
}

void __asan_store16(u64 address);
void __asan_store16(u64 address) { undo_note((const void *)address, 16); }
void __asan_storeN(u64 address, u64 size);
void __asan_storeN(u64 address, u64 size) { undo_note((const void *)address, size); }
/* Inserted before calls that do not return. */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void) { sanitizer_stack_unwound(); }

void undo_note_pages_freed(void) { cpu_block.undo |= PAGES_FREED; }

/* --- checkpoints --- */

void host_undo_boot(void) { cpu_block.undo = KIND_BOOT << KIND_SHIFT; }

static u64 stack_end(u64 sp)
{
    extern char host_boot_stack_end[];
    if (sp < (u64)host_boot_stack_end)
        return (u64)host_boot_stack_end;
    return align_up(sp + 1, PLATFORM_STACK_BYTES);
}

/* hosted_enter(sp) is how to go on from here. */
void host_checkpoint_for(u64 sp, u32 task)
{
    u64 kind = cpu_block.undo >> KIND_SHIFT, next = kind == KIND_STACK ? KIND_STACK + 1 : KIND_STACK;
    struct stack_copy *copy = &stack_copies[next - KIND_STACK];
    if (kind == KIND_BOOT)
        return;
    copy->sp = sp;
    copy->task = task;
    copy->length = stack_end(sp) - sp;
    const u64 *from = (const u64 *)sp;
    u64 *to = bytes_of(copy);
    for (u64 i = 0; i < copy->length / 8; i++)
        to[i] = from[i];
    __atomic_store_n(&cpu_block.undo, next << KIND_SHIFT, __ATOMIC_RELEASE);
}

void hosted_checkpoint_at(u64 sp);
void hosted_checkpoint_at(u64 sp) { host_checkpoint_for(sp, host_private->index); }

/* --- undoing --- */

static bool is_kernel_memory(u64 address)
{
    return address >= (u64)kernel_data && address < HOST_RANGE_END;
}

static void put_back(const struct entry *e)
{
    u64 address = e->where & ((1ul << SIZE_SHIFT) - 1);
    if (!is_kernel_memory(address)) /* the dead task's own */
        return;
    switch (e->where >> SIZE_SHIFT) {
    case 0: *(u8 *)address = (u8)e->old; break;
    case 1: *(u16 *)address = (u16)e->old; break;
    case 2: *(u32 *)address = (u32)e->old; break;
    default: *(u64 *)address = e->old; break;
    }
}

bool host_undo(u64 *sp, u32 *task)
{
    u64 word = cpu_block.undo, kind = word >> KIND_SHIFT;
    u32 n = (u32)word & COUNT_MASK;
    if (kind == KIND_BOOT || n == LOG_ENTRIES)
        return false;
    while (n)
        put_back(&undo_log[--n]);
    *sp = 0;
    if (kind) {
        struct stack_copy *copy = &stack_copies[kind - KIND_STACK];
        memcpy((void *)copy->sp, bytes_of(copy), copy->length);
        *sp = copy->sp;
        *task = (u32)copy->task;
    }
    cpu_block.undo = kind << KIND_SHIFT;
    return true;
}

#endif /* UNDO_STORES */
