/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What to do with an exception or interrupt, in two steps.
 *
 * Holds:    bare_sort_event, on the interrupt stack: acknowledges interrupts and decides where the
 *           frame belongs; bare_handle_event, on that stack: calls up.
 * Promises: a step into a direct door is the call that was about to be made.
 *           An interrupt of kernel code only marks PENDING_INTERRUPT; one of a program, or of the
 *           last steps out to it (exit.S), is handled at once on the thread's frame.
 * See:      DESIGN 3.2; arch/upcalls.h
 */
#include "arch/bare.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "arch/x86_64/bare_cpu.h"
#include "arch/x86_64/bare_interrupts.h"
#include "arch/x86_64/bare_layout.h"
#include "arch/x86_64/bare_vectors.h"
#include "arch/x86_64/faults.h"
#include "arch/x86_64/flags.h"
#include "arch/x86_64/privileged.h"
#include "lib/log.h"
#include "lib/string.h"

#define KERNEL_HALF (1ull << 63)

extern const char arch_exit_range[], arch_exit_range_end[], arch_exit_direct_range[],
    arch_exit_direct_range_end[], arch_exit_jump[], kernel_start[], kernel_text_end[];

struct trap_frame *bare_sort_event(u64 vector, struct trap_frame *frame);
bool bare_handle_event(struct trap_frame *frame);

/* From bare_sort_event to bare_handle_event; nothing comes between, interrupts are off. */
static struct event {
    u64 vector, error_code, cr2;
    bool from_program, is_call;
} event;

/* A program that jumps to a wild address faults there, in the upper half too: on its own stack. */
static bool is_kernel(const struct trap_frame *f)
{
    bool in_text = f->rip >= (u64)kernel_start && f->rip < (u64)kernel_text_end;
    return in_text || (f->rip >= KERNEL_BASE && f->rsp >= KERNEL_HALF);
}

static bool in_exit(const struct trap_frame *f)
{
    return f->rip >= (u64)arch_exit_range && f->rip < (u64)arch_exit_range_end;
}

/* On the way out of a direct door a part of the thread's frame is still in registers (exit.S). */
static void complete(struct trap_frame *slot, const struct trap_frame *f)
{
    if (f->rip < (u64)arch_exit_direct_range || f->rip >= (u64)arch_exit_direct_range_end)
        return;
    slot->rbx = f->rbx;
    slot->r12 = f->r12;
    slot->r13 = f->r13;
    slot->r14 = f->r14;
    slot->r15 = f->r15;
    slot->rcx = slot->rip;
    slot->r11 = slot->rflags;
    slot->cs = f->rip < (u64)arch_exit_jump ? DOOR_CALL : DOOR_JUMP;
}

static struct trap_frame *thread_slot(void)
{
    return (struct trap_frame *)(this_cpu()->kernel_sp - sizeof(struct trap_frame));
}

static noreturn_fn void die(u64 vector, u64 error_code, const struct trap_frame *frame)
{
    char text[512];
    arch_describe_frame(frame, text, sizeof(text));
    panic("exception %lu error %lx cr2 %lx\n%s", vector, error_code, read_cr2(), text);
}

struct trap_frame *bare_sort_event(u64 vector, struct trap_frame *frame)
{
    u64 error_code = frame->call_number;
    bool is_interrupt = vector >= VECTOR_INTERRUPTS;

    if (vector == VECTOR_NMI)
        return NULL;
    if (vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK)
        die(vector, error_code, frame);
    if (is_interrupt)
        bare_acknowledge(vector);
    event = (struct event){.vector = vector, .error_code = error_code, .from_program = true};
    if (vector == VECTOR_PAGE)
        event.cr2 = read_cr2();
    frame->call_number = NO_CALL;
    if (!is_kernel(frame)) {
        *thread_slot() = *frame;
        return thread_slot();
    }
    if (in_exit(frame)) { /* start over from the thread's frame */
        complete(thread_slot(), frame);
        return thread_slot();
    }
    if (is_interrupt) {
        this_cpu()->pending |= PENDING_INTERRUPT;
        return NULL;
    }
    if (arch_door_settle(frame)) {
        event.is_call = true;
        *thread_slot() = *frame;
        return thread_slot();
    }
    event.from_program = false;
    struct trap_frame *copy =
        (struct trap_frame *)align_down(frame->rsp - sizeof(struct trap_frame), 16);
    *copy = *frame;
    return copy;
}

/* The program got as far as the byte, so it can be read. */
static bool is_patched(const struct trap_frame *frame)
{
    return *(const u8 *)frame->rip == PRIVILEGED_TRAP;
}

bool bare_handle_event(struct trap_frame *frame)
{
    const struct event e = event;
    struct fault fault;

    if (e.from_program || frame->rflags & RFLAGS_IF)
        bare_interrupts_on();
    if (e.is_call) {
        on_syscall(frame);
        return true;
    }
    if (e.vector >= VECTOR_INTERRUPTS) {
        on_interrupt(frame);
        return true;
    }
    fault_from_exception(&fault, e.vector, e.error_code, e.cr2);
    fault.from_kernel = !e.from_program;
    if (fault.kind == FAULT_INVALID && e.from_program && is_patched(frame)) {
        fault.kind = FAULT_PRIVILEGED; /* what CPL 3 makes of it */
        fault.trap_number = VECTOR_GENERAL;
    }
    on_fault(frame, &fault);
    return e.from_program;
}
