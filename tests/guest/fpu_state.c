/* SPDX-License-Identifier: BSD-3-Clause */
/* The floating-point unit: control words at the start, kept over calls and handlers, fresh inside a
 * handler; traps that a program has unmasked become SIGFPE with the right code and address. */
#include "check.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#define MXCSR_START 0x1f80u
#define X87_START 0x037f

static uint32_t mxcsr(void)
{
    uint32_t v;
    __asm__ volatile("stmxcsr %0" : "=m"(v));
    return v;
}
static void set_mxcsr(uint32_t v) { __asm__ volatile("ldmxcsr %0" ::"m"(v)); }
static uint16_t x87_control(void)
{
    uint16_t v;
    __asm__ volatile("fnstcw %0" : "=m"(v));
    return v;
}
static void set_x87_control(uint16_t v) { __asm__ volatile("fldcw %0" ::"m"(v)); }

static volatile int count;
static volatile uint32_t mxcsr_inside, mxcsr_saved, x87_inside, x87_saved;

static void look(int signal, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    (void)signal, (void)info;
    count++;
    mxcsr_inside = mxcsr();
    x87_inside = x87_control();
    mxcsr_saved = u->uc_mcontext.fpregs->mxcsr;
    x87_saved = u->uc_mcontext.fpregs->cwd;
    /* Whatever a handler does to the unit does not outlast it. */
    set_mxcsr(0x1f80 | 0x6000);
    set_x87_control(0x0f7f);
    __asm__ volatile("fninit; fld1; fldpi; pcmpeqd %%xmm0,%%xmm0; pcmpeqd %%xmm15,%%xmm15"
                     ::: "xmm0", "xmm15");
    __asm__ volatile("fninit");
}

static void test_handler(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    double result;
    action.sa_sigaction = look;
    sigaction(SIGUSR1, &action, NULL);
    set_mxcsr(0x1f80 | 0x2000); /* round down */
    set_x87_control(0x077f);
    __asm__ volatile("fldpi" ::: "st");
    raise(SIGUSR1);
    __asm__ volatile("fstpl %0" : "=m"(result)::"st");
    CHECK(result == M_PI || nextafter(result, 4) == M_PI);
    CHECK((mxcsr() & ~0x3fu) == (0x1f80 | 0x2000) && x87_control() == 0x077f);
    CHECK(mxcsr_inside == MXCSR_START && x87_inside == X87_START);
    CHECK((mxcsr_saved & ~0x3fu) == (0x1f80 | 0x2000) && x87_saved == 0x077f);
    set_mxcsr(MXCSR_START);
    set_x87_control(X87_START);
}

static sigjmp_buf back;
static volatile int code, signal_seen;
static volatile uintptr_t address, pc_seen;
static void trapped(int signal, siginfo_t *info, void *context)
{
    signal_seen = signal;
    code = info->si_code;
    address = (uintptr_t)info->si_addr;
    pc_seen = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    siglongjmp(back, 1);
}

static double divide(double a, double b)
{
    double result = a;
    __asm__ volatile("divsd %1,%0" : "+x"(result) : "x"(b));
    return result;
}

/* Unmasks one SSE exception and does what raises it. */
static int sse_code(uint32_t unmask, double a, double b)
{
    code = 0;
    address = pc_seen = 0;
    if (!sigsetjmp(back, 1)) {
        set_mxcsr(MXCSR_START & ~unmask);
        volatile double result = divide(a, b);
        (void)result;
    }
    set_mxcsr(MXCSR_START);
    CHECK(!code || address == pc_seen);
    return code;
}

/* QEMU's emulator never raises the exceptions of SSE (as of 8.2), whatever MXCSR says. */
static int sse_traps(void)
{
    unsigned eax, name[3];
    __cpuid(0x40000000, eax, name[0], name[1], name[2]);
    return memcmp(name, "TCGTCGTCGTCG", 12) != 0;
}

static void test_sse(void)
{
    CHECK(sse_code(0, 1, 0) == 0);
    CHECK(sse_code(0x200, 1, 0) == FPE_FLTDIV && signal_seen == SIGFPE);
    CHECK(sse_code(0x080, 0, 0) == FPE_FLTINV);
    CHECK(sse_code(0x400, 1e300, 1e-300) == FPE_FLTOVF);
    CHECK(sse_code(0x800, 1e-300, 1e300) == FPE_FLTUND);
    CHECK(sse_code(0x1000, 1, 3) == FPE_FLTRES);
}

static int x87_code(uint16_t unmask, double a, double b)
{
    code = 0;
    if (!sigsetjmp(back, 1)) {
        set_x87_control(X87_START & (uint16_t)~unmask);
        __asm__ volatile("fldl %1; fdivl %0; fwait; fstp %%st(0)" ::"m"(b), "m"(a) : "st");
    }
    __asm__ volatile("fninit");
    return code;
}

static void test_x87(void)
{
    CHECK(x87_code(0, 1, 0) == 0);
    CHECK(x87_code(0x04, 1, 0) == FPE_FLTDIV);
    CHECK(x87_code(0x01, 0, 0) == FPE_FLTINV);
    CHECK(x87_code(0x20, 1, 3) == FPE_FLTRES);
}

/* A handler may mend the state in its frame. */
static void mend(int signal, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    (void)signal;
    code = info->si_code;
    u->uc_mcontext.fpregs->mxcsr = MXCSR_START;
}

static void test_mended(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = mend;
    sigaction(SIGFPE, &action, NULL);
    code = 0;
    set_mxcsr(MXCSR_START & ~0x200u);
    double result = divide(1, 0);
    CHECK(code == FPE_FLTDIV && isinf(result));
    set_mxcsr(MXCSR_START);
}

/* ymm registers hold through a wait, a tick and a handler. */
static volatile int ticks;
static void tick(int signal)
{
    (void)signal;
    ticks++;
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroall" ::: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6",
                         "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                         "xmm15");
}

__attribute__((target("avx"))) static void test_upper_halves(void)
{
    struct itimerval often = {{0, 3000}, {0, 3000}};
    static const uint64_t pattern[4] = {0x1111, 0x2222, 0x3333, 0x4444};
    uint64_t got[4] = {0};
    static struct timespec nap = {.tv_nsec = 20000000};
    signal(SIGALRM, tick);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int round = 0; round < 3; round++) {
        long result = SYS_nanosleep;
        __asm__ volatile("vmovdqu %[p],%%ymm9\n syscall\n vmovdqu %%ymm9,%[g]\n"
                         : [g] "=m"(got), "+a"(result)
                         : [p] "m"(pattern), "D"(&nap), "S"(0)
                         : "rcx", "r11", "xmm9", "memory");
        CHECK(memcmp(got, pattern, sizeof(got)) == 0);
    }
    __asm__ volatile("vmovdqu %[p],%%ymm9\n 1: cmpl $30,%[t]\n jl 1b\n vmovdqu %%ymm9,%[g]\n"
                     : [g] "=m"(got) : [p] "m"(pattern), [t] "m"(ticks) : "xmm9", "memory");
    CHECK(memcmp(got, pattern, sizeof(got)) == 0);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
}

int main(void)
{
    CHECK(mxcsr() == MXCSR_START && x87_control() == X87_START);
    test_handler();
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = trapped;
    sigaction(SIGFPE, &action, NULL);
    if (sse_traps())
        test_sse();
    test_x87();
    if (sse_traps())
        test_mended();
    if (__builtin_cpu_supports("avx"))
        test_upper_halves();
    CHECK_DONE();
}
#else
int main(void) { return 0; }
#endif
