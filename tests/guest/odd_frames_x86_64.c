/* SPDX-License-Identifier: BSD-3-Clause */
/* Registers that only a handler or an odd program makes: a pc that no address space has, flags that
 * user code may set but the kernel must not run with, a stack pointer that points nowhere. */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <time.h>
#include <sys/time.h>
#include <ucontext.h>

#define NOWHERE 0xdead000000000000ul /* not canonical */
#define UNMAPPED 0x123000ul

static sigjmp_buf back;
static volatile uintptr_t bad_pc, bad_sp;
static volatile int faults;
static char alternate[65536] __attribute__((aligned(16)));

static void go_there(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)signal, (void)info;
    uc->uc_mcontext.gregs[REG_RIP] = (greg_t)bad_pc;
    if (bad_sp)
        uc->uc_mcontext.gregs[REG_RSP] = (greg_t)bad_sp;
}

static volatile uintptr_t seen_pc, seen_sp;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)signal, (void)info;
    faults++;
    seen_pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
    seen_sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];
    siglongjmp(back, 1);
}

static void install(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = handler;
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static void try_pc(uintptr_t pc, uintptr_t sp)
{
    int before = faults;
    bad_pc = pc;
    bad_sp = sp;
    if (sigsetjmp(back, 1) == 0) {
        raise(SIGUSR1);
        CHECK(!"came back");
    }
    CHECK(faults == before + 1);
    CHECK(seen_pc == pc);
    CHECK(!sp || seen_sp == sp);
}

/* The kernel's own unaligned accesses must not fault because the program wants its own to. */
static void test_alignment_flag(void)
{
    struct timespec t[2];
    char path[] = "x/proc/self/stat";
    for (int i = 0; i < 1000; i++) {
        long result;
        __asm__ volatile("sub $128, %%rsp\n pushfq\n orl $0x40000, (%%rsp)\n popfq\n"
                         "syscall\n"
                         "pushfq\n andl $~0x40000, (%%rsp)\n popfq\n add $128, %%rsp"
                         : "=a"(result)
                         : "a"(SYS_access), "D"(path + 1), "S"(4)
                         : "rcx", "r11", "memory", "cc");
        CHECK(result == 0);
    }
    /* And in a loop, so that a tick falls into it. */
    clock_gettime(CLOCK_MONOTONIC, &t[0]);
    do {
        __asm__ volatile("sub $128, %%rsp\n pushfq\n orl $0x40000, (%%rsp)\n popfq\n"
                         "mov $1000000, %%ecx\n 1: dec %%ecx\n jnz 1b\n"
                         "pushfq\n andl $~0x40000, (%%rsp)\n popfq\n add $128, %%rsp"
                         :
                         :
                         : "rcx", "memory", "cc");
        clock_gettime(CLOCK_MONOTONIC, &t[1]);
    } while ((t[1].tv_sec - t[0].tv_sec) * 1000000000 + t[1].tv_nsec - t[0].tv_nsec < 100000000);
}

/* The direction flag in a call and in a loop; handlers start with it clear. */
static volatile int direction_was_clear = 1;

static void on_alarm(int signal)
{
    unsigned long flags;
    (void)signal;
    __asm__ volatile("pushfq\n pop %0" : "=r"(flags));
    if (flags & 0x400)
        direction_was_clear = 0;
}

static void test_direction_flag(void)
{
    struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    unsigned long flags;
    signal(SIGALRM, on_alarm);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (int i = 0; i < 100; i++) {
        long result;
        __asm__ volatile("sub $128, %%rsp\n std\n syscall\n mov $300000, %%ecx\n"
                         "1: dec %%ecx\n jnz 1b\n"
                         "pushfq\n pop %1\n cld\n add $128, %%rsp"
                         : "=a"(result), "=&r"(flags)
                         : "a"(SYS_getpid)
                         : "rcx", "r11", "memory", "cc");
        CHECK(result == getpid());
        CHECK(flags & 0x400);
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(direction_was_clear);
}

int main(void)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
    CHECK(sigaltstack(&stack, NULL) == 0);
    install(SIGSEGV, on_fault);
    install(SIGUSR1, go_there);
    for (int i = 0; i < 20; i++) {
        try_pc(UNMAPPED, 0);
        try_pc(NOWHERE, 0);
        try_pc(UNMAPPED, UNMAPPED);
        try_pc(NOWHERE, NOWHERE);
    }
    test_alignment_flag();
    test_direction_flag();
    CHECK_DONE();
}
