/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that sets the trap flag steps through itself: one SIGTRAP per instruction, none of them
 * inside the kernel, and calls on the way work. */
#include "check.h"

#if defined(__x86_64__)
#include <signal.h>
#include <ucontext.h>

extern char step_start[], step_end[];
static volatile int steps, outside, wrong_code, last_was_call;

static void stepped(int signal, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    uintptr_t pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
    (void)signal;
    steps++;
    wrong_code += info->si_code != TRAP_TRACE || (uintptr_t)info->si_addr != pc;
    if (pc < (uintptr_t)step_start || pc > (uintptr_t)step_end)
        outside++;
    if (pc >= (uintptr_t)step_end || steps > 100)
        u->uc_mcontext.gregs[REG_EFL] &= ~0x100;
}

/* A few instructions and a call, with TF set by popf. */
static long step_through(void)
{
    long result;
    __asm__ volatile("pushfq\n orq $0x100,(%%rsp)\n popfq\n"
                     "step_start: nop\n mov $39,%%eax\n syscall\n mov %%rax,%0\n nop\n"
                     "step_end: nop\n"
                     : "=r"(result)::"rax", "rcx", "r11", "memory", "cc");
    return result;
}

/* TF set by a handler in its frame. */
static void arm(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= 0x100;
}

static void count_one(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    steps++;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~0x100;
}

static void install(int signal, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = handler;
    CHECK(sigaction(signal, &action, NULL) == 0);
}

int main(void)
{
    install(SIGTRAP, stepped);
    CHECK(step_through() == getpid());
    /* Whether a trap strikes right behind the call depends on how the kernel left it. */
    CHECK((steps == 4 || steps == 5) && outside == 0 && wrong_code == 0);
    steps = 0;
    install(SIGTRAP, count_one);
    install(SIGUSR1, arm);
    kill(getpid(), SIGUSR1);
    CHECK(steps == 1);
    CHECK_DONE();
}
#else
int main(void) { return 0; }
#endif
