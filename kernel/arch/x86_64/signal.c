/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sigframes in Linux's x86_64 layout, from and to kernel copies.
 *
 * Holds:    the order of things below the program's stack: red zone, vector state (64-aligned),
 *           struct linux_rt_sigframe_x86_64 with rsp + 8 16-aligned.
 * Promises: selectors shown are Linux's (0x33, 0x2b), whatever the platform runs programs with;
 *           what comes back cannot change privilege.
 * See:      sigreturn(2), abi/linux/sigframe.h, the x86-64 psABI 3.2.2 (red zone, alignment)
 */
#include "abi/linux/sigframe.h"
#include "arch/arch.h"
#include "arch/x86_64/flags.h"
#include "arch/x86_64/segments.h"
#include "lib/string.h"

#define RED_ZONE_BYTES 128
#define VECTOR_ALIGN 64
#define ALIGN_SLACK (VECTOR_ALIGN + 16 + 8)

/* The flags rt_sigreturn takes from the frame; the others stay as they are. */
#define RFLAGS_RESTORED                                                                            \
    (RFLAGS_AC | RFLAGS_OF | RFLAGS_DF | RFLAGS_TF | RFLAGS_SF | RFLAGS_ZF | RFLAGS_AF |           \
     RFLAGS_PF | RFLAGS_CF | RFLAGS_RF)

_Static_assert(sizeof(struct linux_sigcontext_x86_64) == 256, "Linux's layout");
_Static_assert(sizeof(struct linux_ucontext_x86_64) == 304, "Linux's layout");
_Static_assert(sizeof(struct linux_rt_sigframe_x86_64) == 440, "Linux's layout");

size_t arch_signal_frame_size(void)
{
    return sizeof(struct linux_rt_sigframe_x86_64) + arch_vector_signal_size() + ALIGN_SLACK;
}

static void fill_context(struct linux_sigcontext_x86_64 *c, const struct trap_frame *f,
                         const struct signal_frame_request *request)
{
    c->r8 = f->r8;
    c->r9 = f->r9;
    c->r10 = f->r10;
    c->r11 = f->r11;
    c->r12 = f->r12;
    c->r13 = f->r13;
    c->r14 = f->r14;
    c->r15 = f->r15;
    c->rdi = f->rdi;
    c->rsi = f->rsi;
    c->rbp = f->rbp;
    c->rbx = f->rbx;
    c->rdx = f->rdx;
    c->rax = f->rax;
    c->rcx = f->rcx;
    c->rsp = f->rsp;
    c->rip = f->rip;
    c->eflags = (f->rflags & RFLAGS_PROGRAM) | RFLAGS_IF | RFLAGS_FIXED;
    c->cs = LINUX_PROGRAM_CS;
    c->ss = LINUX_PROGRAM_SS;
    c->err = request->error_code;
    c->trapno = request->trap_number;
    c->oldmask = request->blocked_mask;
    c->cr2 = request->fault_address;
}

static void enter_handler(struct trap_frame *f, const struct signal_frame_request *request, u64 sp)
{
    f->rip = request->handler;
    f->rsp = sp;
    f->rdi = (u64)request->signal;
    f->rsi = sp + offsetof(struct linux_rt_sigframe_x86_64, info);
    f->rdx = sp + offsetof(struct linux_rt_sigframe_x86_64, uc);
    f->rax = 0;
    f->rflags &= ~(u64)(RFLAGS_DF | RFLAGS_RF | RFLAGS_TF);
    frame_leave_call(f);
}

/* Without SA_RESTORER no handler can return: the psABI leaves no room for code on the stack. */
size_t arch_signal_frame_build(struct trap_frame *frame, const void *vector_area,
                               const struct signal_frame_request *request, void *image, u64 *sp)
{
    struct linux_rt_sigframe_x86_64 *out = image;
    u64 top = request->on_altstack ? request->stack_top : request->stack_top - RED_ZONE_BYTES;
    u64 vector_bytes = arch_vector_signal_size();
    u64 vector_at = align_down(top - vector_bytes, VECTOR_ALIGN);
    u64 start = align_down(vector_at - sizeof(*out), 16) - 8;
    size_t length = vector_at + vector_bytes - start;

    if (!request->restorer)
        return 0;
    memset(image, 0, length);
    out->pretcode = request->restorer;
    out->uc.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
    if (vector_bytes > sizeof(struct linux_fpstate_x86_64))
        out->uc.uc_flags |= UC_FP_XSTATE;
    out->uc.uc_stack.ss_sp = request->altstack_sp;
    out->uc.uc_stack.ss_size = request->altstack_size;
    out->uc.uc_stack.ss_flags = (s32)request->altstack_flags;
    fill_context(&out->uc.uc_mcontext, frame, request);
    out->uc.uc_mcontext.fpstate = vector_at;
    out->uc.uc_sigmask = request->blocked_mask;
    if (request->wants_siginfo)
        memcpy(&out->info, request->siginfo, sizeof(out->info));
    arch_vector_to_signal(vector_area, (u8 *)image + (vector_at - start));
    enter_handler(frame, request, start);
    *sp = start;
    return length;
}

/* The restorer was entered by the handler's `ret`, which took pretcode off the stack. */
u64 arch_signal_frame_start(const struct trap_frame *frame)
{
    return frame->rsp - sizeof(u64);
}

bool arch_signal_frame_read(struct trap_frame *frame, const void *image, size_t length,
                            struct signal_frame_result *result)
{
    const struct linux_rt_sigframe_x86_64 *in = image;
    const struct linux_sigcontext_x86_64 *c = &in->uc.uc_mcontext;

    if (length < offsetof(struct linux_rt_sigframe_x86_64, info))
        return false;
    frame->r8 = c->r8;
    frame->r9 = c->r9;
    frame->r10 = c->r10;
    frame->r11 = c->r11;
    frame->r12 = c->r12;
    frame->r13 = c->r13;
    frame->r14 = c->r14;
    frame->r15 = c->r15;
    frame->rdi = c->rdi;
    frame->rsi = c->rsi;
    frame->rbp = c->rbp;
    frame->rbx = c->rbx;
    frame->rdx = c->rdx;
    frame->rax = c->rax;
    frame->rcx = c->rcx;
    frame->rsp = c->rsp;
    frame->rip = c->rip;
    frame->rflags = (frame->rflags & ~(u64)RFLAGS_RESTORED) | (c->eflags & RFLAGS_RESTORED);
    frame_leave_call(frame);
    *result = (struct signal_frame_result){
        .blocked_mask = in->uc.uc_sigmask,
        .altstack_sp = in->uc.uc_stack.ss_sp,
        .altstack_size = in->uc.uc_stack.ss_size,
        .altstack_flags = (u32)in->uc.uc_stack.ss_flags,
        .vector_address = c->fpstate,
        .vector_length = arch_vector_signal_size(),
    };
    return true;
}
