/* SPDX-License-Identifier: BSD-3-Clause */
/* setitimer and alarm: timers that strike a spinning program, count CPU time only, repeat, are read
 * back, and are still pending when the program ends. */
#include "check.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t real, virtual, prof;

static void handler(int signal)
{
    real += signal == SIGALRM;
    virtual += signal == SIGVTALRM;
    prof += signal == SIGPROF;
}

static int64_t now_ns(int clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void set(int which, long first_us, long every_us)
{
    struct itimerval v = {{every_us / 1000000, every_us % 1000000},
                          {first_us / 1000000, first_us % 1000000}};
    CHECK(setitimer(which, &v, NULL) == 0);
}

/* A loop without a call: only the tick can bring the signals. */
static void test_spinning(void)
{
    real = 0;
    set(ITIMER_REAL, 20000, 0);
    while (!real)
        ;
    CHECK(real == 1);
    set(ITIMER_REAL, 10000, 10000);
    while (real < 5)
        ;
    set(ITIMER_REAL, 0, 0);
    struct timespec nap = {.tv_nsec = 30000000};
    int seen = real;
    CHECK(nanosleep(&nap, NULL) == 0 && real == seen);
}

static void test_cpu_timers(void)
{
    virtual = prof = 0;
    set(ITIMER_VIRTUAL, 30000, 20000);
    set(ITIMER_PROF, 30000, 20000);
    int64_t cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (virtual < 3 || prof < 3)
        ;
    CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu >= 50000000);
    /* Sleeping uses no CPU time. */
    struct timespec nap = {.tv_nsec = 60000000};
    int seen = virtual + prof;
    CHECK(nanosleep(&nap, NULL) == 0);
    CHECK(virtual + prof <= seen + 1);
    set(ITIMER_VIRTUAL, 0, 0);
    set(ITIMER_PROF, 0, 0);
}

static void test_reading(void)
{
    struct itimerval v, old;
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
        set(which, 5000000, 250000);
        CHECK(getitimer(which, &v) == 0);
        CHECK(v.it_interval.tv_sec == 0 && v.it_interval.tv_usec == 250000);
        CHECK(v.it_value.tv_sec >= 4 && v.it_value.tv_sec <= 5);
        CHECK(setitimer(which, &(struct itimerval){0}, &old) == 0);
        CHECK(old.it_interval.tv_usec == 250000 && old.it_value.tv_sec >= 4);
        CHECK(getitimer(which, &v) == 0 && v.it_value.tv_sec == 0 && v.it_value.tv_usec == 0);
        set(which, 0, 250000); /* an interval alone arms nothing */
        CHECK(getitimer(which, &v) == 0 && v.it_value.tv_sec == 0 && v.it_value.tv_usec == 0);
    }
    CHECK_ERRNO(syscall(SYS_getitimer, 3, &v), EINVAL);
    CHECK_ERRNO(syscall(SYS_setitimer, 3, &v, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_getitimer, ITIMER_REAL, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_setitimer, ITIMER_REAL, BAD_POINTER, NULL), EFAULT);
    v = (struct itimerval){.it_value = {.tv_usec = 1000000}};
    CHECK_ERRNO(setitimer(ITIMER_REAL, &v, NULL), EINVAL);
    v = (struct itimerval){.it_value = {.tv_sec = -1}};
    CHECK_ERRNO(setitimer(ITIMER_REAL, &v, NULL), EINVAL);
}

static void test_alarm(void)
{
    struct itimerval v;
    CHECK(syscall(SYS_alarm, 10) == 0);
    CHECK(getitimer(ITIMER_REAL, &v) == 0 && v.it_value.tv_sec >= 8 && v.it_value.tv_sec < 11);
    CHECK(syscall(SYS_alarm, 0) == 10);
    CHECK(syscall(SYS_alarm, 0) == 0);
    set(ITIMER_REAL, 300000, 0);
    CHECK(syscall(SYS_alarm, 0) == 1); /* never "none" for one that is set */
    set(ITIMER_REAL, 2400000, 0);
    CHECK(syscall(SYS_alarm, 0) == 2);
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGVTALRM, &action, NULL);
    sigaction(SIGPROF, &action, NULL);
    test_spinning();
    test_cpu_timers();
    test_reading();
    test_alarm();
    /* Still pending at the end: nobody waits for them. */
    set(ITIMER_REAL, 3000, 3000);
    set(ITIMER_PROF, 3000, 3000);
    alarm(1000);
    CHECK_DONE();
}
