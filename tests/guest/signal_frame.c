/* SPDX-License-Identifier: BSD-3-Clause */
/* What a handler finds on its stack and what it may change there; sigaltstack's states. See
 * sigreturn(2), sigaltstack(2), the psABI's red zone. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <ucontext.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif
#define SS_FLAG_BITS SS_AUTODISARM

static void install(int signal, int flags, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | flags};
    action.sa_sigaction = handler;
    CHECK(sigaction(signal, &action, NULL) == 0);
}

#if defined(__x86_64__)
struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

/* What lies there when a handler starts: the return address, struct ucontext, siginfo. */
static volatile int entered;
static ucontext_t seen;
static siginfo_t seen_info;
static volatile uintptr_t seen_at, info_at, entry_flags;

static void look(int signal, siginfo_t *info, void *context)
{
    uintptr_t flags;
    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    (void)signal;
    entered++;
    entry_flags = flags;
    memcpy(&seen, context, offsetof(ucontext_t, uc_sigmask) + 8);
    seen_info = *info;
    seen_at = (uintptr_t)context;
    info_at = (uintptr_t)info;
}

static void test_layout(void)
{
    install(SIGUSR1, 0, look);
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    __asm__ volatile("std" ::: "cc");
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1);
    __asm__ volatile("cld" ::: "cc");
    CHECK(entered == 1);
    CHECK((entry_flags & 0x400) == 0); /* DF is clear in a handler */
    CHECK(seen.uc_mcontext.gregs[REG_EFL] & 0x200);
    CHECK(seen.uc_link == NULL && (seen.uc_flags & 6) == 6); /* SS is saved, strictly restored */
    CHECK(info_at == seen_at + 304); /* as in the kernel's struct rt_sigframe */
    CHECK((seen_at - 8) % 16 == 8 && seen_at < here);
    CHECK((uintptr_t)seen.uc_mcontext.fpregs % 64 == 0);
    CHECK((uintptr_t)seen.uc_mcontext.fpregs >= info_at + 128);
    CHECK((seen.uc_mcontext.gregs[REG_CSGSFS] & 0xffff) == 0x33);
    CHECK((seen.uc_mcontext.gregs[REG_CSGSFS] >> 48 & 0xffff) == 0x2b);
    CHECK(seen.uc_mcontext.gregs[REG_RAX] == 0); /* the call's result is already there */
    CHECK(seen_info.si_signo == SIGUSR1 && seen_info.si_errno == 0);
    CHECK(seen_info.si_code == SI_TKILL && seen_info.si_pid == getpid());
    CHECK(seen_info.si_uid == getuid());
    CHECK(seen.uc_stack.ss_flags == 0 && seen.uc_stack.ss_size == 0);
}

/* The 128 bytes below a function's stack pointer are its own. */
static void test_red_zone(void)
{
    long left = -1, pid = getpid();
    install(SIGUSR1, 0, look);
    __asm__ volatile("movq $0x5aa5, -8(%%rsp)\n movq $0x1234, -128(%%rsp)\n"
                     "mov $62,%%eax\n mov %1,%%rdi\n mov $10,%%esi\n syscall\n"
                     "mov -8(%%rsp),%0\n xor $0x5aa5,%0\n mov -128(%%rsp),%%rcx\n"
                     "xor $0x1234,%%rcx\n or %%rcx,%0\n"
                     : "=&r"(left) : "r"(pid) : "rax", "rcx", "rdi", "rsi", "r11", "memory");
    CHECK(left == 0);
}

/* A handler may continue elsewhere, with other registers and another mask. */
static volatile long arrived;
extern char elsewhere[];
static sigjmp_buf back;
static void divert(int signal, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    (void)signal, (void)info;
    u->uc_mcontext.gregs[REG_RIP] = (greg_t)elsewhere;
    u->uc_mcontext.gregs[REG_RSP] = ((u->uc_mcontext.gregs[REG_RSP] - 256) & -16) - 8;
    u->uc_mcontext.gregs[REG_RDI] = 77;
    sigaddset(&u->uc_sigmask, SIGUSR2);
    sigaddset(&u->uc_sigmask, SIGKILL);
}
__attribute__((used)) static void landed(long value)
{
    arrived = value;
    siglongjmp(back, 1);
}
__asm__(".text\nelsewhere: jmp landed\n");

static void test_diverted(void)
{
    unsigned long mask = 0;
    install(SIGUSR1, 0, divert);
    if (!sigsetjmp(back, 0))
        raise(SIGUSR1);
    CHECK(arrived == 77);
    CHECK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &mask, 8) == 0);
    CHECK(mask == 1ul << (SIGUSR2 - 1)); /* KILL is left out */
    mask = 0;
    CHECK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8) == 0);
}

/* What a page fault leaves in the context. */
static volatile long trap, error_code, fault_address;
static void after_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    (void)signal, (void)info;
    trap = u->uc_mcontext.gregs[REG_TRAPNO];
    error_code = u->uc_mcontext.gregs[REG_ERR];
    fault_address = u->uc_mcontext.gregs[REG_CR2];
    siglongjmp(back, 1);
}

static void test_fault_context(void)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    install(SIGSEGV, 0, after_fault);
    if (!sigsetjmp(back, 1))
        *(volatile char *)(page + 3) = 1;
    CHECK(trap == 14 && (error_code & 7) == 6 && fault_address == (long)page + 3);
    if (!sigsetjmp(back, 1))
        (void)*(volatile char *)40;
    CHECK(trap == 14 && (error_code & 7) == 4 && fault_address == 40);
    if (!sigsetjmp(back, 1))
        ((void (*)(void))page)();
    CHECK(trap == 14 && (error_code & 0x14) == 0x14 && fault_address == (long)page);
    if (!sigsetjmp(back, 1)) /* no canonical address */
        (void)*(volatile char *)0x8000000000000000;
    CHECK(trap == 13 && error_code == 0);
    munmap(page, 4096);
}

/* Calls through a pointer to nowhere, in either half and in between. */
static void test_wild_calls(void)
{
    static const uintptr_t nowhere[] = {16, 0x7000000000, 0x800000000000, 0xdead000000000000,
                                        0xffff900000000000, 0xffffffffffffffff};
    install(SIGSEGV, 0, after_fault);
    for (unsigned i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        trap = 0;
        if (!sigsetjmp(back, 1))
            ((void (*volatile)(void))nowhere[i])();
        CHECK(trap == 13 || trap == 14);
    }
}

/* x86-64 insists on SA_RESTORER: without it there is no way back, so no handler is run. */
static void test_no_restorer(void)
{
    struct kernel_action action = {.handler = (void (*)(int))(void *)look};
    install(SIGSEGV, 0, after_fault);
    CHECK(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 8) == 0);
    entered = 0;
    int came = sigsetjmp(back, 1);
    if (!came)
        raise(SIGUSR1);
    CHECK(came == 1 && entered == 0);
}

/* A handler that lies nowhere: its first instruction faults. */
static void test_handler_nowhere(void)
{
    install(SIGSEGV, 0, after_fault);
    install(SIGUSR1, 0, (void (*)(int, siginfo_t *, void *))4096);
    int came = sigsetjmp(back, 1);
    if (!came)
        raise(SIGUSR1);
    CHECK(came == 1 && fault_address == 4096);
}

/* No room for the frame: SIGSEGV, on the alternate stack. */
static void test_no_stack(void)
{
    static char alternate[32768];
    stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, off = {.ss_flags = SS_DISABLE};
    CHECK(sigaltstack(&s, NULL) == 0);
    install(SIGSEGV, SA_ONSTACK, after_fault);
    install(SIGUSR1, 0, look);
    entered = 0;
    long pid = getpid();
    int came = sigsetjmp(back, 1);
    if (!came)
        __asm__ volatile("mov %%rsp,%%rbx\n mov $64,%%esp\n mov $62,%%eax\n mov %0,%%rdi\n"
                         "mov $10,%%esi\n syscall\n mov %%rbx,%%rsp\n"
                         :: "r"(pid) : "rax", "rbx", "rcx", "rdi", "rsi", "r11", "memory");
    CHECK(came == 1 && entered == 0);
    CHECK(sigaltstack(&off, NULL) == 0);
}
#endif

/* Inside a handler on the alternate stack: it is in use and cannot be changed. */
static volatile int inner_flags, inner_error, outer_flags;
static volatile uintptr_t handler_sp;
static void on_stack(int signal, siginfo_t *info, void *context)
{
    stack_t now, s = {.ss_sp = (void *)0x10000, .ss_size = 65536};
    (void)signal, (void)info;
    handler_sp = (uintptr_t)__builtin_frame_address(0);
    sigaltstack(NULL, &now);
    inner_flags = now.ss_flags;
    inner_error = sigaltstack(&s, NULL) ? errno : 0;
    outer_flags = ((ucontext_t *)context)->uc_stack.ss_flags;
}

static int within(uintptr_t p, const char *start, size_t size)
{
    return p >= (uintptr_t)start && p < (uintptr_t)start + size;
}

static char alternate[65536];

static void test_altstack(void)
{
    stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
    CHECK(sigaltstack(&s, &old) == 0 && old.ss_flags == SS_DISABLE);
    install(SIGUSR1, SA_ONSTACK, on_stack);
    raise(SIGUSR1);
    CHECK(within(handler_sp, alternate, sizeof(alternate)));
    CHECK(inner_flags == SS_ONSTACK && inner_error == EPERM && outer_flags == 0);
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == 0 && old.ss_sp == alternate);
    install(SIGUSR1, 0, on_stack);
    raise(SIGUSR1);
    CHECK(!within(handler_sp, alternate, sizeof(alternate)) && inner_flags == 0 && !inner_error);
    /* sigreturn put back what the frame says: the change inside did not last */
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == alternate);
    s.ss_flags = 4;
    CHECK_ERRNO(sigaltstack(&s, NULL), EINVAL);
    s.ss_flags = SS_ONSTACK; /* musl's wrapper refuses it */
    CHECK(syscall(SYS_sigaltstack, &s, NULL) == 0);
    s.ss_flags = 0;
    s.ss_size = 2047;
    CHECK_ERRNO(sigaltstack(&s, NULL), ENOMEM);
    CHECK_ERRNO(syscall(SYS_sigaltstack, BAD_POINTER, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_sigaltstack, NULL, BAD_POINTER), EFAULT);
    s = (stack_t){.ss_flags = SS_DISABLE};
    CHECK(sigaltstack(&s, &old) == 0 && old.ss_sp == alternate && old.ss_size == sizeof(alternate));
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE && old.ss_sp == NULL);
}

/* rt_sigreturn takes the frame's alternate stack only when sigaltstack(2) would: a handler that
 * sets one up where there was none keeps it. */
static void set_up(int signal, siginfo_t *info, void *context)
{
    stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    ucontext_t *u = context;
    (void)signal, (void)info;
    CHECK(sigaltstack(&s, NULL) == 0);
    u->uc_stack.ss_flags = 0;
    u->uc_stack.ss_size = 0;
}

static void test_kept(void)
{
    stack_t s = {.ss_flags = SS_DISABLE}, old;
    install(SIGUSR1, 0, set_up);
    raise(SIGUSR1);
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == alternate && old.ss_flags == 0);
    CHECK(sigaltstack(&s, NULL) == 0);
}

/* A second signal on the alternate stack goes on below the first. */
static volatile uintptr_t first_sp, second_sp;
static volatile int nested_flags = -1;
static void nested(int signal, siginfo_t *info, void *context)
{
    (void)info;
    if (signal == SIGUSR1) {
        first_sp = (uintptr_t)__builtin_frame_address(0);
        raise(SIGUSR2);
    } else {
        second_sp = (uintptr_t)__builtin_frame_address(0);
        nested_flags = ((ucontext_t *)context)->uc_stack.ss_flags;
    }
}

static void test_nested(void)
{
    stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    CHECK(sigaltstack(&s, NULL) == 0);
    install(SIGUSR1, SA_ONSTACK, nested);
    install(SIGUSR2, SA_ONSTACK, nested);
    raise(SIGUSR1);
    CHECK(nested_flags == 0); /* the frame shows what was set, not what is in use */
    CHECK(within(second_sp, alternate, sizeof(alternate)) && second_sp < first_sp);
}

/* SS_AUTODISARM: off while the handler runs, back afterwards. */
static volatile int disarmed;
static void autodisarm(int signal, siginfo_t *info, void *context)
{
    stack_t now;
    (void)signal, (void)info, (void)context;
    sigaltstack(NULL, &now);
    disarmed = now.ss_flags == SS_DISABLE;
    handler_sp = (uintptr_t)__builtin_frame_address(0);
}

static void test_autodisarm(void)
{
    stack_t s = {.ss_sp = alternate, .ss_size = sizeof(alternate), .ss_flags = (int)SS_FLAG_BITS};
    stack_t old;
    CHECK(sigaltstack(&s, NULL) == 0);
    install(SIGUSR1, SA_ONSTACK, autodisarm);
    raise(SIGUSR1);
    CHECK(disarmed && within(handler_sp, alternate, sizeof(alternate)));
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == (int)SS_FLAG_BITS);
    CHECK(old.ss_sp == alternate);
    s = (stack_t){.ss_flags = SS_DISABLE};
    CHECK(sigaltstack(&s, NULL) == 0);
}

int main(void)
{
#if defined(__x86_64__)
    test_layout();
    test_red_zone();
    test_diverted();
    test_fault_context();
    test_wild_calls();
    test_no_restorer();
    test_handler_nowhere();
    test_no_stack();
#endif
    test_altstack();
    test_kept();
    test_nested();
    test_autodisarm();
    CHECK_DONE();
}
