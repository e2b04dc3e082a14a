/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers: delivery, masks, nesting, siginfo, SA_RESETHAND, SA_NODEFER, alternate stack, vector
 * state kept, restart, faults and their addresses. See signal(7), sigaction(2). */
#include "check.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <setjmp.h>
#include <time.h>

static volatile int count, last_signal, last_code;
static void *volatile last_address;
static volatile uintptr_t handler_sp;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)context;
    count++;
    last_signal = signal;
    last_code = info->si_code;
    last_address = info->si_addr;
    handler_sp = (uintptr_t)__builtin_frame_address(0);
}

static void install(int signal, int flags, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | flags};
    action.sa_sigaction = handler;
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static void test_masks(void)
{
    sigset_t set, old, pending;
    install(SIGUSR1, 0, note);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
    count = 0;
    CHECK(raise(SIGUSR1) == 0);
    CHECK(raise(SIGUSR1) == 0);
    CHECK(count == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
    CHECK(count == 1 && last_signal == SIGUSR1 && last_code == SI_TKILL);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(count == 2 && last_code == SI_USER);
}

static void test_realtime_queue(void)
{
    sigset_t set;
    union sigval value = {.sival_int = 7};
    install(SIGRTMIN + 2, 0, note);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    count = 0;
    for (int i = 0; i < 3; i++)
        CHECK(sigqueue(getpid(), SIGRTMIN + 2, value) == 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(count == 3 && last_code == SI_QUEUE);
}

static void test_reset(void)
{
    struct sigaction now;
    install(SIGUSR2, SA_RESETHAND, note);
    count = 0;
    raise(SIGUSR2);
    CHECK(count == 1);
    CHECK(sigaction(SIGUSR2, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
}

static volatile int depth, deepest, raised;
static void nest(int signal, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    depth++;
    if (depth > deepest)
        deepest = depth;
    if (depth < 3 && raised++ < 2)
        raise(signal);
    depth--;
}

static void test_nesting(void)
{
    deepest = raised = 0;
    install(SIGUSR1, SA_NODEFER, nest);
    raise(SIGUSR1);
    CHECK(deepest == 3);
    deepest = raised = 0;
    install(SIGUSR1, 0, nest);
    raise(SIGUSR1);
    CHECK(deepest == 1);
}

static void test_altstack(void)
{
    static char stack[65536];
    stack_t s = {.ss_sp = stack, .ss_size = sizeof(stack)}, old;
    CHECK(sigaltstack(&s, NULL) == 0);
    install(SIGUSR1, SA_ONSTACK, note);
    raise(SIGUSR1);
    CHECK(handler_sp > (uintptr_t)stack && handler_sp < (uintptr_t)stack + sizeof(stack));
    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_sp == stack && old.ss_flags == 0);
    s.ss_size = 100;
    CHECK_ERRNO(sigaltstack(&s, NULL), ENOMEM);
    s.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&s, NULL) == 0);
}

static sigjmp_buf back;
static void jump(int signal, siginfo_t *info, void *context)
{
    note(signal, info, context);
    siglongjmp(back, 1);
}

static void test_faults(void)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    install(SIGSEGV, 0, jump);
    if (!sigsetjmp(back, 1))
        *(volatile char *)16 = 1;
    CHECK(last_signal == SIGSEGV && last_code == SEGV_MAPERR && last_address == (void *)16);
    if (!sigsetjmp(back, 1))
        *(volatile char *)(page + 5) = 1;
    CHECK(last_code == SEGV_ACCERR && last_address == page + 5);
#if defined(__x86_64__)
    install(SIGFPE, 0, jump);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("xor %%ecx,%%ecx; mov $1,%%eax; cltd; idiv %%ecx" ::: "eax", "ecx", "edx");
    CHECK(last_signal == SIGFPE && last_code == FPE_INTDIV);
    install(SIGILL, 0, jump);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("ud2");
    CHECK(last_signal == SIGILL);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("hlt");
    CHECK(last_signal == SIGSEGV && last_code == SI_KERNEL && last_address == NULL);
    install(SIGTRAP, 0, note);
    last_signal = 0;
    __asm__ volatile("int3");
    CHECK(last_signal == SIGTRAP && last_code == SI_KERNEL);
#endif
    signal(SIGSEGV, SIG_DFL);
}

#if defined(__x86_64__)
static void change_register(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    ucontext_t *u = context;
    u->uc_mcontext.gregs[REG_RBX] = 0x1234;
    __asm__ volatile("pxor %%xmm7,%%xmm7" ::: "xmm7");
    CHECK((u->uc_mcontext.gregs[REG_CSGSFS] & 0xffff) == 0x33);
}

static void test_registers(void)
{
    uint64_t rbx = 1, low = 0x1122334455667788, got = 0;
    install(SIGUSR1, 0, change_register);
    long pid = getpid();
    __asm__ volatile("movq %3,%%xmm7\n mov $62,%%eax\n mov %2,%%rdi\n mov $10,%%esi\n mov $1,%%ebx\n"
                     "syscall\n mov %%rbx,%0\n movq %%xmm7,%1"
                     : "=r"(rbx), "=r"(got) : "r"(pid), "r"(low)
                     : "rax", "rbx", "rcx", "rdi", "rsi", "r11", "xmm7", "memory");
    CHECK(rbx == 0x1234);
    CHECK(got == low);
}
#else
static void test_registers(void) {}
#endif

static void test_restart(void)
{
    int ends[2];
    char byte;
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    CHECK(pipe(ends) == 0);
    install(SIGALRM, 0, note);
    count = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_ERRNO(read(ends[0], &byte, 1), EINTR);
    CHECK(count == 1);
    struct timespec nap = {.tv_nsec = 200000000}, left = {0};
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_ERRNO(nanosleep(&nap, &left), EINTR);
    CHECK(left.tv_nsec > 50000000 && left.tv_nsec < 200000000);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_ERRNO(pause(), EINTR);
}

static void test_wait(void)
{
    sigset_t set;
    siginfo_t info;
    struct timespec none = {0}, some = {.tv_nsec = 10000000};
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN);
    CHECK_ERRNO(sigtimedwait(&set, &info, &some), EAGAIN);
    raise(SIGUSR2);
    CHECK(sigwaitinfo(&set, &info) == SIGUSR2 && info.si_pid == getpid());
    install(SIGUSR2, 0, note);
    count = 0;
    raise(SIGUSR2);
    sigemptyset(&set);
    CHECK_ERRNO(sigsuspend(&set), EINTR);
    CHECK(count == 1);
}

static void test_errors(void)
{
    struct sigaction action = {0};
    CHECK_ERRNO(sigaction(SIGKILL, &action, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, 65, NULL, NULL, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, BAD_POINTER, NULL, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_sigprocmask, 9, &action, NULL, 8), EINVAL);
    CHECK_ERRNO(kill(getpid(), 99), EINVAL);
    CHECK_ERRNO(kill(999999, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_tgkill, 0, 1, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_tgkill, getpid(), 999999, 0), ESRCH);
}

int main(void)
{
    test_masks();
    test_realtime_queue();
    test_reset();
    test_nesting();
    test_altstack();
    test_faults();
    test_registers();
    test_restart();
    test_wait();
    test_errors();
    CHECK_DONE();
}
