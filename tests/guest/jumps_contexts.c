/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc elf=static,dynamic */
/* Ways out of a handler that are no return: siglongjmp with and without the mask, off an alternate
 * stack, thousands of times; setcontext out of a handler; makecontext and swapcontext with their
 * masks; contexts that a timer switches; a handler that changes the context it returns to. */
#include "check.h"

#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <ucontext.h>

static sigjmp_buf out;
static volatile int caught;

static void jump(int signal)
{
    caught++;
    siglongjmp(out, signal);
}

static void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static int is_blocked(int signal)
{
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    return sigismember(&now, signal);
}

static void test_jumps(int flags)
{
    handle(SIGUSR1, jump, flags);
    handle(SIGSEGV, jump, flags);
    caught = 0;
    for (volatile int i = 0; i < 2000; i++) {
        if (!sigsetjmp(out, 1))
            raise(SIGUSR1);
        if (!sigsetjmp(out, 1))
            *(volatile int *)8 = 1;
    }
    CHECK(caught == 4000 && !is_blocked(SIGUSR1) && !is_blocked(SIGSEGV));
    if (!sigsetjmp(out, 0))
        raise(SIGUSR1);
    CHECK(caught == 4001 && is_blocked(SIGUSR1)); /* without the mask it stays blocked */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* The alternate stack is free again: its state says so. */
    stack_t now;
    CHECK(sigaltstack(NULL, &now) == 0 && !(now.ss_flags & SS_ONSTACK));
}

/* --- contexts --- */

static ucontext_t main_context, worker_context, fault_context;
static volatile int steps;

static void work(int a, int b)
{
    sigset_t usr2;
    CHECK(a == 11 && b == -22);
    for (int i = 0; i < 1000; i++) {
        steps++;
        CHECK(is_blocked(SIGUSR2));
        CHECK(swapcontext(&worker_context, &main_context) == 0);
    }
    sigemptyset(&usr2);
    steps = -1;
}

static void test_swap(void)
{
    static char stack[65536];
    CHECK(getcontext(&worker_context) == 0);
    worker_context.uc_stack.ss_sp = stack;
    worker_context.uc_stack.ss_size = sizeof(stack);
    worker_context.uc_link = &main_context;
    sigaddset(&worker_context.uc_sigmask, SIGUSR2);
    makecontext(&worker_context, (void (*)(void))work, 2, 11, -22);
    for (int i = 1; i <= 1000; i++) {
        CHECK(swapcontext(&main_context, &worker_context) == 0);
        CHECK(steps == i && !is_blocked(SIGUSR2));
    }
    CHECK(swapcontext(&main_context, &worker_context) == 0);
    CHECK(steps == -1); /* came back through uc_link */
}

static void leave_by_context(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info, (void)context;
    caught++;
    setcontext(&fault_context);
}

static void test_setcontext_from_handler(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = leave_by_context;
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    caught = 0;
    CHECK(getcontext(&fault_context) == 0);
    if (caught < 100)
        *(volatile int *)8 = 1;
    CHECK(caught == 100 && !is_blocked(SIGSEGV));
}

/* Two contexts that a timer switches while they compute. */
static ucontext_t turns[2];
static volatile int turn, switches, stop;
static volatile unsigned long done[2];

static void switch_turn(int signal)
{
    (void)signal;
    if (stop)
        return;
    int from = turn;
    turn = !turn;
    switches++;
    swapcontext(&turns[from], &turns[turn]);
}

static void compute(int me)
{
    double sum = 0;
    while (switches < 60 || !done[0] || !done[1]) {
        sum = 0;
        for (int i = 1; i <= 1000; i++)
            sum += me ? 0.5 : 0.25;
        CHECK(sum == (me ? 500.0 : 250.0)); /* the other's registers would show */
        done[me]++;
    }
    stop = 1;
    if (me)
        setcontext(&main_context);
}

static void test_timer_switches(void)
{
    static char stack[262144];
    struct itimerval every = {{0, 5000}, {0, 5000}}, off = {{0, 0}, {0, 0}};
    volatile int back = 0;
    handle(SIGALRM, switch_turn, SA_RESTART);
    CHECK(getcontext(&turns[1]) == 0);
    turns[1].uc_stack.ss_sp = stack;
    turns[1].uc_stack.ss_size = sizeof(stack);
    turns[1].uc_link = NULL;
    makecontext(&turns[1], (void (*)(void))compute, 1, 1);
    CHECK(getcontext(&main_context) == 0);
    if (!back) {
        back = 1;
        CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
        compute(0);
    }
    setitimer(ITIMER_REAL, &off, NULL);
    CHECK(done[0] > 0 && done[1] > 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* --- a handler that changes what it returns to --- */

static volatile double seen;

static void change(int signal, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)signal, (void)info;
    caught++;
    sigaddset(&uc->uc_sigmask, SIGUSR2);
    if (uc->uc_flags & 1) /* the rounding mode of SSE: towards zero */
        uc->uc_mcontext.fpregs->mxcsr |= 0x6000;
}

static void test_change(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = change;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    caught = 0;
    raise(SIGUSR1);
    CHECK(caught == 1 && is_blocked(SIGUSR2));
    CHECK(fegetround() == FE_TONEAREST || fegetround() == FE_TOWARDZERO);
    volatile double one = 1, three = 3;
    seen = one / three;
    fesetround(FE_TONEAREST);
    CHECK(seen <= one / three);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void *in_thread(void *arg)
{
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    CHECK(sigaltstack(&stack, NULL) == 0);
    test_jumps(SA_ONSTACK);
    test_setcontext_from_handler();
    stack.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&stack, NULL) == 0);
    return arg;
}

int main(void)
{
    static char bytes[65536];
    stack_t stack = {.ss_sp = bytes, .ss_size = sizeof(bytes)};
    pthread_t t;
    CHECK(sigaltstack(&stack, NULL) == 0);
    test_jumps(0);
    test_jumps(SA_ONSTACK);
    test_swap();
    test_setcontext_from_handler();
    test_timer_switches();
    test_change();
    CHECK(pthread_create(&t, NULL, in_thread, NULL) == 0);
    pthread_join(t, NULL);
    CHECK_DONE();
}
