/* SPDX-License-Identifier: BSD-3-Clause */
/* Each exception a program can cause becomes the signal Linux makes of it: number, code, address,
 * and the rip, trap number and error code in the sigcontext. See sigaction(2). */
#include "check.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ucontext.h>

static sigjmp_buf out;
static volatile int caught, code;
static void *volatile address;
static volatile uint64_t rip, trap_number, error_code, steps;

static void remember(int number, siginfo_t *info, void *context)
{
    const ucontext_t *uc = context;
    caught = number;
    code = info->si_code;
    address = info->si_addr;
    rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
    trap_number = (uint64_t)uc->uc_mcontext.gregs[REG_TRAPNO];
    error_code = (uint64_t)uc->uc_mcontext.gregs[REG_ERR];
    siglongjmp(out, 1);
}

/* Stands still when the trap flag is off again. */
static void count_step(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    caught = number;
    code = info->si_code;
    if (++steps == 10)
        uc->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
}

static void catch_with(int number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    CHECK(sigaction(number, &action, NULL) == 0);
}

#define FAULT(statement)                                                                           \
    do {                                                                                           \
        caught = 0;                                                                                \
        if (!sigsetjmp(out, 1)) {                                                                  \
            statement;                                                                             \
        }                                                                                          \
    } while (0)
#define SITE(label)                                                                                \
    ({                                                                                             \
        uint64_t at_;                                                                              \
        __asm__("lea " label "(%%rip), %0" : "=r"(at_));                                           \
        at_;                                                                                       \
    })

static void memory_faults(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[0] = (char)0xc3; /* ret */
    CHECK(mprotect(page, 4096, PROT_READ) == 0);

    FAULT(*(volatile int *)24);
    CHECK(caught == SIGSEGV && code == SEGV_MAPERR && address == (void *)24);
    CHECK(trap_number == 14 && error_code == 4);

    FAULT(*(volatile char *)(page + 7) = 1);
    CHECK(caught == SIGSEGV && code == SEGV_ACCERR && address == page + 7);
    CHECK(trap_number == 14 && error_code == 7);

    FAULT(((void (*)(void))page)());
    CHECK(caught == SIGSEGV && code == SEGV_ACCERR && address == page && rip == (uint64_t)page);
    CHECK(trap_number == 14 && (error_code & 0x14) == 0x14);

    FAULT(((void (*)(void))0)());
    CHECK(caught == SIGSEGV && code == SEGV_MAPERR && address == NULL && rip == 0);

    FAULT(*(volatile char *)0x800000000000); /* not canonical: no address is reported */
    CHECK(caught == SIGSEGV && code == SI_KERNEL && address == NULL && trap_number == 13);
}

static void instructions(void)
{
    FAULT(__asm__ volatile(".globl site_divide\nsite_divide: divl %%ecx"
                           :
                           : "a"(1), "d"(0), "c"(0)));
    CHECK(caught == SIGFPE && code == FPE_INTDIV && address == (void *)SITE("site_divide"));

    FAULT(__asm__ volatile(".globl site_ud2\nsite_ud2: ud2"));
    CHECK(caught == SIGILL && code == ILL_ILLOPN && address == (void *)SITE("site_ud2"));
    CHECK(rip == SITE("site_ud2") && trap_number == 6);

    FAULT(__asm__ volatile(".globl site_int3\nsite_int3: int3"));
    CHECK(caught == SIGTRAP && code == SI_KERNEL && rip == SITE("site_int3") + 1);

    FAULT(__asm__ volatile(".globl site_hlt\nsite_hlt: hlt"));
    CHECK(caught == SIGSEGV && code == SI_KERNEL && rip == SITE("site_hlt"));
    CHECK(trap_number == 13 && error_code == 0 && address == NULL);
}

/* QEMU 7.2 without KVM never raises SSE exceptions. */
static int is_tcg(void)
{
    unsigned leaf = 0x40000000, name = 0, c, d;
    __asm__ volatile("cpuid" : "+a"(leaf), "=b"(name), "=c"(c), "=d"(d));
    return name == 0x54474354; /* "TCGT" */
}

static void floating_point(void)
{
    unsigned mxcsr = 0x1f80 & ~0x200u; /* division by zero not masked */
    unsigned short control = 0x37f & ~0x4u;

    FAULT(__asm__ volatile("ldmxcsr %0\n\txorps %%xmm1, %%xmm1\n\tmovaps %%xmm1, %%xmm0\n\t"
                           "cmpeqss %%xmm0, %%xmm0\n\tpsrld $25, %%xmm0\n\tpslld $23, %%xmm0\n\t"
                           "divss %%xmm1, %%xmm0"
                           :
                           : "m"(mxcsr)
                           : "xmm0", "xmm1"));
    CHECK(is_tcg() || (caught == SIGFPE && code == FPE_FLTDIV && trap_number == 19));

    mxcsr = 0x1f80;
    __asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));

    FAULT(__asm__ volatile("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" : : "m"(control)));
    CHECK(caught == SIGFPE && code == FPE_FLTDIV && trap_number == 16);
}

static void single_step(void)
{
    steps = 0;
    __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
                     "mov $39, %%eax\n\tsyscall\n\t" /* a step over a call stays in the program */
                     "nop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop\n\tnop"
                     :
                     :
                     : "rax", "rcx", "r11", "memory", "cc");
    CHECK(caught == SIGTRAP && code == TRAP_TRACE && steps == 10);
}

/* A handler that returns to nowhere: the fault belongs to the program, not to the kernel's exit. */
static void to_nowhere(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = (long)0x8000000000000000;
}

static void bad_return(void)
{
    catch_with(SIGUSR1, to_nowhere);
    FAULT(raise(SIGUSR1));
    CHECK(caught == SIGSEGV);
}

int main(void)
{
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
    CHECK(sigaltstack(&alternate, NULL) == 0);
    for (const int *n = (const int[]){SIGSEGV, SIGILL, SIGFPE, SIGTRAP, SIGBUS, 0}; *n; n++)
        catch_with(*n, remember);

    memory_faults();
    instructions();
    floating_point();
    catch_with(SIGTRAP, count_step);
    single_step();
    bad_return();
    CHECK_DONE();
}
