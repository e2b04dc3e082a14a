/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sigframes in Linux's aarch64 layout, from and to kernel copies.
 *
 * Holds:    struct linux_rt_sigframe_aarch64 with an FPSIMD record and, for faults, an ESR record,
 *           then a frame record (fp, lr) that x29 points to; sp is 16-aligned.
 * Promises: what comes back cannot change privilege: only NZCV and SSBS of pstate are taken.
 * See:      sigreturn(2), abi/linux/sigframe.h
 */
#include "abi/linux/sigframe.h"
#include "arch/arch.h"
#include "lib/string.h"

#define PSTATE_PROGRAM 0xf0001000ull /* NZCV, SSBS */

struct frame_record {
    u64 fp, lr;
};

#define FRAME_TOTAL (sizeof(struct linux_rt_sigframe_aarch64) + sizeof(struct frame_record))
#define FP_REGISTER 29
#define LR_REGISTER 30

size_t arch_signal_frame_size(void)
{
    return FRAME_TOTAL + 16;
}

static void add_records(struct linux_sigcontext_aarch64 *c, const void *vector_area,
                        const struct signal_frame_request *request)
{
    struct linux_esr_context esr = {
        .head = {.magic = ESR_MAGIC, .size = sizeof(esr)},
        .esr = request->error_code,
    };
    u8 *at = c->reserved;

    arch_vector_to_signal(vector_area, at);
    at += arch_vector_signal_size();
    if (request->trap_number)
        memcpy(at, &esr, sizeof(esr)); /* the zero record behind it is there already */
}

static void enter_handler(struct trap_frame *f, const struct signal_frame_request *request, u64 sp)
{
    f->x[0] = (u64)request->signal;
    f->x[1] = sp + offsetof(struct linux_rt_sigframe_aarch64, info);
    f->x[2] = sp + offsetof(struct linux_rt_sigframe_aarch64, uc);
    f->x[FP_REGISTER] = sp + sizeof(struct linux_rt_sigframe_aarch64);
    f->x[LR_REGISTER] = request->restorer;
    f->sp = sp;
    f->pc = request->handler;
    frame_leave_call(f);
}

size_t arch_signal_frame_build(struct trap_frame *frame, const void *vector_area,
                               const struct signal_frame_request *request, void *image, u64 *sp)
{
    struct linux_rt_sigframe_aarch64 *out = image;
    struct linux_sigcontext_aarch64 *c = &out->uc.uc_mcontext;
    struct frame_record *record = (struct frame_record *)(out + 1);
    u64 start = align_down(request->stack_top - FRAME_TOTAL, 16);

    memset(image, 0, FRAME_TOTAL);
    *record = (struct frame_record){frame->x[FP_REGISTER], frame->x[LR_REGISTER]};
    out->uc.uc_stack.ss_sp = request->altstack_sp;
    out->uc.uc_stack.ss_size = request->altstack_size;
    out->uc.uc_stack.ss_flags = (s32)request->altstack_flags;
    out->uc.uc_sigmask = request->blocked_mask;
    c->fault_address = request->fault_address;
    memcpy(c->regs, frame->x, sizeof(c->regs));
    c->sp = frame->sp;
    c->pc = frame->pc;
    c->pstate = frame->pstate & PSTATE_PROGRAM;
    if (request->wants_siginfo)
        memcpy(&out->info, request->siginfo, sizeof(out->info));
    add_records(c, vector_area, request);
    enter_handler(frame, request, start);
    *sp = start;
    return FRAME_TOTAL;
}

u64 arch_signal_frame_start(const struct trap_frame *frame)
{
    return frame->sp;
}

/* Where the FPSIMD record lies in the image, 0: none. The list is the program's: trust nothing. */
static u64 find_vector(const struct linux_rt_sigframe_aarch64 *in)
{
    const u8 *records = in->uc.uc_mcontext.reserved;
    size_t at = 0, room = sizeof(in->uc.uc_mcontext.reserved);

    while (at + sizeof(struct linux_aarch64_ctx) <= room) {
        struct linux_aarch64_ctx head;
        memcpy(&head, records + at, sizeof(head));
        if (!head.magic || head.size < sizeof(head) || head.size % 16 || head.size > room - at)
            return 0;
        if (head.magic == FPSIMD_MAGIC)
            return (u64)(records + at - (const u8 *)in);
        at += head.size;
    }
    return 0;
}

bool arch_signal_frame_read(struct trap_frame *frame, const void *image, size_t length,
                            struct signal_frame_result *result)
{
    const struct linux_rt_sigframe_aarch64 *in = image;
    const struct linux_sigcontext_aarch64 *c = &in->uc.uc_mcontext;
    u64 start = frame->sp;

    if (length < sizeof(*in) || !is_aligned(start, 16))
        return false;
    u64 vector_at = find_vector(in);
    if (!vector_at)
        return false;
    memcpy(frame->x, c->regs, sizeof(frame->x));
    frame->sp = c->sp;
    frame->pc = c->pc;
    frame->pstate = c->pstate & PSTATE_PROGRAM;
    frame_leave_call(frame);
    *result = (struct signal_frame_result){
        .blocked_mask = in->uc.uc_sigmask,
        .altstack_sp = in->uc.uc_stack.ss_sp,
        .altstack_size = in->uc.uc_stack.ss_size,
        .altstack_flags = (u32)in->uc.uc_stack.ss_flags,
        .vector_address = start + vector_at,
        .vector_length = arch_vector_signal_size(),
    };
    return true;
}
