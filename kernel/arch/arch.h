/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU contract: what an instruction set offers to the rooms above. Implementations have
 * identical file names in x86_64/ and aarch64/. Nothing here knows the platform.
 *
 * struct trap_frame (arch/<isa>/frame.h) is the program's whole general register state, stored at
 * the top of its thread's kernel stack at every entry: whichever the door, the frame looks alike.
 *
 * Vector state and the thread pointer are not in it: the kernel never touches them, so they stay
 * in the CPU and move only when the running thread changes.
 */
#pragma once

#include "lib/types.h"

/* Ways a call comes in (numbers as in ELFIN_EVENT_COUNT). */
enum arch_door { ARCH_DOOR_TRAP, ARCH_DOOR_JUMP, ARCH_DOOR_CALL, ARCH_DOORS };

#if defined(__x86_64__)
#include "arch/x86_64/frame.h"
#elif defined(__aarch64__)
#include "arch/aarch64/frame.h"
#endif

/* --- frame.h, inline: reading and changing a program's registers ---
 * u64  frame_pc(const struct trap_frame *);            void frame_set_pc(struct trap_frame *, u64);
 * u64  frame_sp(const struct trap_frame *);            void frame_set_sp(struct trap_frame *, u64);
 * u64  frame_call_number(const struct trap_frame *);   (the number at entry, kept for restart)
 * u64  frame_argument(const struct trap_frame *, unsigned n);      n = 0..5
 * u64  frame_result(const struct trap_frame *);        void frame_set_result(..., u64);
 * bool frame_in_call(const struct trap_frame *);    made by a system call, not by a fault or
 *                                                   interrupt: restart applies
 * void frame_leave_call(struct trap_frame *);       from here on it does not
 * enum arch_door frame_door(const struct trap_frame *);   which way a frame_in_call came in
 * void frame_restart_call(struct trap_frame *, u64 number, u64 call_site);   back to the site,
 *                                   arguments as at entry; call_site: the space's kernel_call
 * void frame_leave_stub(struct trap_frame *, u64 stub_pc);   settled: nothing shows the stub
 * void frame_begin_call(struct trap_frame *);   stands at a site: as if the call had come in
 * void frame_prepare(struct trap_frame *, u16 cs, u16 ss);         a thread's first frame
 * void frame_init_program(struct trap_frame *, u64 pc, u64 sp);    all other registers 0, flags sane
 */

/* --- switch.S: kernel stacks. A context is a stack that is not running: its callee-saved
 * registers lie on it. --- */
struct arch_context {
    u64 sp;
};
/* A new kernel stack that will call entry(argument) when first switched to; entry never returns. */
void arch_context_init(struct arch_context *context, void *stack_top,
                       noreturn_fn void (*entry)(void *), void *argument);
void arch_context_switch(struct arch_context *from, const struct arch_context *to);

/* Leaves the kernel: every register of the frame is loaded. The frame may lie anywhere in kernel
 * memory. May use iretq/eret; for hot exits see the doors. */
noreturn_fn void arch_resume(const struct trap_frame *frame);

/* --- doors.c: what needs no trap --- */
/* What __kernel_vsyscall jumps to; 0: this CPU offers no direct door. */
u64 arch_door_address(void);
/* A program's single step struck at a door's first instruction: the frame that `syscall` would have
 * made there. false: `frame` is no such thing. */
bool arch_door_settle(struct trap_frame *frame);

/* --- stubs.c: call sites that became jumps to a stub (DESIGN 3.4) --- */
#define ARCH_STUB_ALIGN 32
#define ARCH_STUB_HEAD 32       /* of each page of stubs, kept for what they need */
#define ARCH_PATCH_MOST 64
struct arch_patch {
    u8 before;                  /* bytes that are replaced before the site */
    u8 length;                  /* of all that is replaced; more than before: the site is, too */
    bool flags_dead;            /* the arithmetic flags need not be kept */
};
/* Whether the bytes before text[site] may be replaced without asking anybody, and which. */
bool arch_can_patch(const u8 *text, size_t length, size_t site, struct arch_patch *out);
bool arch_patch_is_sane(const struct arch_patch *p);
size_t arch_stub_bytes(const struct arch_patch *p);
/* Which place in the text (from the patch on) a place in the stub stands for, and the reverse for
 * places in the text that are overwritten. */
size_t arch_stub_to_text(const struct arch_patch *p, size_t in_stub);
size_t arch_text_to_stub(const struct arch_patch *p, size_t in_text);
void arch_stub_page_start(u8 *page);
/* The stub at page + at for the bytes at `text`, which lie `back` bytes from it. */
void arch_stub_write(u8 *page, size_t at, const u8 *text, const struct arch_patch *p, s64 back);
void arch_patch_write(u8 *text, const struct arch_patch *p, s64 back);

/* --- vector.c: the program's vector and floating-point state --- */
size_t arch_vector_size(void);             /* bytes of a save area, 64-aligned; fixed after boot */
void arch_vector_init_area(void *area);    /* the state of a fresh program */
void arch_vector_save(void *area);         /* CPU -> area */
/* The same for arch_vector_restore alone: what is in its initial state may be left out. */
void arch_vector_park(void *area);
void arch_vector_restore(const void *area);
/* What a handler starts with: vector and x87 state of a fresh program, as Linux's fpu__clear does. */
void arch_vector_reset(void);
/* Sigframe form (x86_64: fxsave + xsave with FP_XSTATE_MAGIC; aarch64: fpsimd_context records). */
size_t arch_vector_signal_size(void);
void arch_vector_to_signal(const void *area, void *signal_form);
bool arch_vector_from_signal(void *area, const void *signal_form, size_t length); /* false: malformed */

/* --- thread_pointer: fs base / tpidr_el0 --- */
u64 arch_thread_pointer(void);
void arch_set_thread_pointer(u64 value);
u64 arch_gs_base(void);                    /* x86_64 arch_prctl(ARCH_SET_GS); 0 and no-op elsewhere */
void arch_set_gs_base(u64 value);

/* --- signal.c: build and read a sigframe (sigreturn(2), the kernel's ABI) ---
 * Both work on kernel copies: the caller moves them from and to the program's stack. */
struct signal_frame_request {
    int signal;
    const void *siginfo;        /* struct linux_siginfo, 128 bytes */
    u64 handler, restorer;      /* restorer 0: the vDSO's, where there is one */
    u64 blocked_mask;           /* goes to uc_sigmask */
    u64 altstack_sp, altstack_size;
    u32 altstack_flags;
    bool wants_siginfo;         /* SA_SIGINFO */
    u64 stack_top;              /* sp to build below (red zone not yet skipped if not altstack) */
    bool on_altstack;
    u64 fault_address, error_code, trap_number; /* for sigcontext */
};
/* Bytes to reserve below stack_top in the worst case (feeds AT_MINSIGSTKSZ). */
size_t arch_signal_frame_size(void);
/* Builds the frame image in `image` (arch_signal_frame_size() bytes), returns its length, sets
 * *sp to where the image's first byte must be copied, and makes `frame` enter the handler.
 * 0: the architecture wants a restorer and there is none. */
size_t arch_signal_frame_build(struct trap_frame *frame, const void *vector_area,
                               const struct signal_frame_request *request, void *image, u64 *sp);
/* Where rt_sigreturn's frame begins for a program whose sp is this at the call, and its length. */
u64 arch_signal_frame_start(const struct trap_frame *frame);
struct signal_frame_result {
    u64 blocked_mask;
    u64 altstack_sp, altstack_size;
    u32 altstack_flags;
    u64 vector_address;         /* program address of the vector record, 0: none */
    size_t vector_length;
};
/* Registers from image to frame. false: malformed, SIGSEGV. Privileged flags are masked. */
bool arch_signal_frame_read(struct trap_frame *frame, const void *image, size_t length,
                            struct signal_frame_result *result);

/* --- user_copy.S: the only loads and stores of program memory; faults end in a short count --- */
size_t arch_copy_program(void *to, const void *from, size_t n); /* bytes NOT copied */
size_t arch_clear_program(void *to, size_t n);
/* One naturally aligned word; 0 or -EFAULT. */
int arch_read_program_u32(u32 *out, u64 address);
int arch_read_program_u64(u64 *out, u64 address);
int arch_cmpxchg_program_u32(u64 address, u32 *expected, u32 desired); /* 0 done, 1 differs, -EFAULT */
/* When a fault at a kernel pc has a fix-up, sets the frame's pc to it. */
bool arch_fixup(struct trap_frame *frame);

/* --- identity.c --- */
const char *arch_machine_name(void);       /* uname -m: "x86_64", "aarch64" */
u64 arch_hwcap(void);                      /* AT_HWCAP */
u64 arch_hwcap2(void);                     /* AT_HWCAP2 */
const char *arch_platform_name(void);      /* AT_PLATFORM */
u16 arch_elf_machine(void);                /* EM_X86_64, EM_AARCH64 */
bool arch_random_u64(u64 *out);            /* RDRAND/RNDR when the CPU has it */
u64 arch_cycles(void);                     /* TSC / CNTVCT, for entropy and short waits */
size_t arch_cpuinfo(char *out, size_t size, u32 mhz); /* one processor's block of /proc/cpuinfo */
void arch_pause(void);                     /* spin hint */
/* Frame pointers: return addresses from the caller on, at most max; the number found. */
size_t arch_backtrace(u64 frame_pointer, u64 *out, size_t max);
u64 arch_frame_pointer(void);
void arch_describe_frame(const struct trap_frame *frame, char *out, size_t size); /* panic text */
/* Instructions that do not fault where programs have the kernel's privilege, but must (x86_64: hlt).
 * The first one in [from, to) of text, which is text[0 .. length): the more of it, the surer the
 * answer; `to` when there is none. The bytes of a copy are then replaced one by one. */
size_t arch_find_privileged(const u8 *text, size_t length, size_t from, size_t to);
void arch_patch_privileged(u8 *site);
