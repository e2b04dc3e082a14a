/* SPDX-License-Identifier: BSD-3-Clause */
/* Timers with periods far shorter than any machine can serve: the program gets on nevertheless,
 * whether it handles the signal, blocks it or ignores it. */
#include "check.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

#define HITS 20
#define STEPS 20000000ul

static volatile int hits;
static volatile unsigned long steps;

static void handle(int signal)
{
    (void)signal;
    hits++;
}

static void work(void)
{
    for (steps = 0; steps < STEPS; steps++)
        ;
}

/* Some work of the handler's own: more than a period lasts. */
static void handle_slowly(int signal)
{
    (void)signal;
    for (volatile int n = 0; n < 100000; n++)
        ;
    hits++;
}

static void set_handler(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static void mask(int how, int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    CHECK(sigprocmask(how, &set, NULL) == 0);
}

/* --- setitimer --- */

static void set_interval(int which, long us)
{
    struct itimerval v = {{0, us}, {0, us}};
    CHECK(setitimer(which, &v, NULL) == 0);
}

static void test_interval(int which, int signal)
{
    set_handler(signal, SIG_IGN);
    set_interval(which, 1);
    work();
    mask(SIG_BLOCK, signal);
    set_handler(signal, handle);
    work();
    set_interval(which, 0);
    mask(SIG_UNBLOCK, signal);
    hits = 0;
    set_handler(signal, handle_slowly);
    if (which != ITIMER_REAL) { /* that one leaves nothing to the program on Linux either */
        set_interval(which, 1);
        while (hits < HITS)
            ;
        set_interval(which, 0);
    }
    set_handler(signal, SIG_IGN);
}

/* --- timer_create --- */

static void set_timer(timer_t timer, long ns)
{
    struct itimerspec v = {{0, ns}, {0, ns}};
    CHECK(timer_settime(timer, 0, &v, NULL) == 0);
}

static void test_timer(clockid_t clock)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    timer_t timer;

    set_handler(SIGRTMIN, SIG_IGN);
    CHECK(timer_create(clock, &event, &timer) == 0);
    set_timer(timer, 1);
    work();
    mask(SIG_BLOCK, SIGRTMIN);
    set_handler(SIGRTMIN, handle);
    work();
    CHECK(timer_delete(timer) == 0);
    mask(SIG_UNBLOCK, SIGRTMIN);
    set_handler(SIGRTMIN, SIG_IGN);
}

int main(void)
{
    test_interval(ITIMER_REAL, SIGALRM);
    test_interval(ITIMER_VIRTUAL, SIGVTALRM);
    test_interval(ITIMER_PROF, SIGPROF);
    test_timer(CLOCK_MONOTONIC);
    test_timer(CLOCK_REALTIME);
    test_timer(CLOCK_PROCESS_CPUTIME_ID);
    test_timer(CLOCK_THREAD_CPUTIME_ID);
    CHECK_DONE();
}
