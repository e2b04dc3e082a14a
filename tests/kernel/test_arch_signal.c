/* SPDX-License-Identifier: BSD-3-Clause */
/* Sigframes and the vector state in them, on the host's own CPU. */
#include "abi/linux/sigframe.h"
#include "arch/arch.h"
#include "harness.h"
#include "lib/string.h"

#define TOP 0x7ffd12345678ull

static struct trap_frame sample_frame(void)
{
    struct trap_frame f = {.cs = 8, .ss = 16, .rflags = 0x10746, .rip = 0x401000, .rsp = TOP};
    u64 *words = &f.r15;
    for (u64 i = 0; i < 15; i++)
        words[i] = 0x1111111111111111ull * (i + 1);
    f.call_number = 7;
    return f;
}

#define BYTES 16384 /* room for every CPU's state and its frame */
static u8 area[BYTES] __attribute__((aligned(64))), back_area[BYTES] __attribute__((aligned(64)));
static u8 image[BYTES] __attribute__((aligned(64)));

static void need_room(void)
{
    CHECK(arch_signal_frame_size() <= BYTES);
    arch_vector_init_area(area);
}

static struct signal_frame_request sample_request(const struct linux_siginfo *info)
{
    return (struct signal_frame_request){
        .signal = 11, .siginfo = info, .handler = 0x402000, .restorer = 0x403000,
        .blocked_mask = 0x55, .altstack_sp = 0x1000, .altstack_size = 0x2000, .altstack_flags = 2,
        .wants_siginfo = true, .stack_top = TOP, .fault_address = 0xdead, .error_code = 6,
        .trap_number = 14};
}

TEST(the_handler_is_entered_as_the_psabi_wants_it)
{
    struct linux_siginfo info = {.si_signo = 11, .si_code = 1};
    struct signal_frame_request request = sample_request(&info);
    struct trap_frame f = sample_frame();
    u64 sp = 0;

    need_room();
    size_t length = arch_signal_frame_build(&f, area, &request, image, &sp);
    const struct linux_rt_sigframe_x86_64 *out = (const void *)image;
    CHECK(length <= arch_signal_frame_size());
    CHECK_EQ((sp + 8) % 16, 0);
    CHECK(sp + length <= TOP - 128); /* red zone */
    CHECK_EQ(f.rip, 0x402000);
    CHECK_EQ(f.rsp, sp);
    CHECK_EQ(f.rdi, 11);
    CHECK_EQ(f.rsi, sp + offsetof(struct linux_rt_sigframe_x86_64, info));
    CHECK_EQ(f.rdx, sp + offsetof(struct linux_rt_sigframe_x86_64, uc));
    CHECK_EQ(f.rax, 0);
    CHECK_EQ(f.rflags & 0x10500, 0); /* DF, TF, RF */
    CHECK(!frame_in_call(&f));
    CHECK_EQ(out->pretcode, 0x403000);
    CHECK_EQ(out->uc.uc_mcontext.cs, 0x33);
    CHECK_EQ(out->uc.uc_mcontext.ss, 0x2b);
    CHECK_EQ(out->uc.uc_mcontext.cr2, 0xdead);
    CHECK_EQ(out->uc.uc_sigmask, 0x55);
    CHECK_EQ(out->uc.uc_mcontext.fpstate % 64, 0);
    CHECK_EQ(out->info.si_code, 1);
}

TEST(sigreturn_brings_every_register_back)
{
    struct linux_siginfo info = {.si_signo = 11};
    struct signal_frame_request request = sample_request(&info);
    struct trap_frame before = sample_frame(), f = before;
    struct signal_frame_result result;
    u64 sp = 0;

    need_room();
    size_t length = arch_signal_frame_build(&f, area, &request, image, &sp);
    struct trap_frame back = {.cs = 8, .ss = 16, .rflags = 0x202, .rsp = sp + 8};
    CHECK_EQ(arch_signal_frame_start(&back), sp);
    CHECK(arch_signal_frame_read(&back, image, length, &result));
    for (size_t i = 0; i < 15; i++)
        CHECK_EQ((&back.r15)[i], (&before.r15)[i]);
    CHECK_EQ(back.rip, before.rip);
    CHECK_EQ(back.rsp, before.rsp);
    CHECK_EQ(back.rflags, before.rflags | 2);
    CHECK_EQ(back.cs, 8); /* what the frame says about privilege is not taken */
    CHECK_EQ(result.blocked_mask, 0x55);
    CHECK_EQ(result.altstack_size, 0x2000);
    CHECK(!arch_signal_frame_read(&back, image, 300, &result));
}

TEST(privileged_flags_do_not_come_back)
{
    struct linux_rt_sigframe_x86_64 frame = {0};
    struct trap_frame f = {.rflags = 0x202};
    struct signal_frame_result result;

    frame.uc.uc_mcontext.eflags = ~0ull;
    CHECK(arch_signal_frame_read(&f, &frame, sizeof(frame), &result));
    CHECK_EQ(f.rflags & 0x7000, 0); /* IOPL, NT */
    CHECK_EQ(f.rflags & 0x1a0000, 0); /* VM, VIF, VIP */
}

TEST(vector_state_survives_the_signal_form)
{
    u8 *form = image, *back = back_area;

    need_room();
    memset(area + 160, 0xa5, 256); /* xmm0..15 */
    if (arch_vector_signal_size() > 512)
        area[512] = 3; /* XSTATE_BV: x87, SSE */
    arch_vector_to_signal(area, form);
    CHECK(arch_vector_from_signal(back, form, arch_vector_signal_size()));
    CHECK_EQ(memcmp(area, back, 416), 0);
    arch_vector_restore(back); /* must not fault */
    arch_vector_reset();
}

TEST(a_malformed_signal_form_is_refused_or_harmless)
{
    u8 *form = image;

    need_room();
    arch_vector_to_signal(area, form);
    CHECK(!arch_vector_from_signal(area, form, 511));
    form[27] = 0xff; /* MXCSR's reserved bits: XRSTOR would fault */
    CHECK(!arch_vector_from_signal(area, form, arch_vector_signal_size()));
    form[27] = 0;
    memset(form + 512, 0xff, 64); /* a wild XSAVE header */
    CHECK(arch_vector_from_signal(area, form, arch_vector_signal_size()));
    arch_vector_restore(area);
    arch_vector_reset();
}
