/* SPDX-License-Identifier: BSD-3-Clause */
/* Which clocks a program can sleep on, and with which arguments. See clock_nanosleep(2). */
#include "check.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>

static struct timespec nap = {.tv_nsec = 5000000};

static long sleep_on(int clock, int flags, const struct timespec *time, struct timespec *left)
{
    return syscall(SYS_clock_nanosleep, clock, flags, time, left);
}

static int64_t now_ns(int clock)
{
    struct timespec t;
    CHECK(syscall(SYS_clock_gettime, clock, &t) == 0);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void test_clocks(void)
{
    static const int works[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI};
    for (unsigned i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
        int64_t before = now_ns(CLOCK_MONOTONIC);
        CHECK(sleep_on(works[i], 0, &nap, NULL) == 0);
        CHECK(now_ns(CLOCK_MONOTONIC) - before >= 5000000);
        int64_t until = now_ns(works[i]) + 5000000;
        struct timespec t = {until / 1000000000, until % 1000000000};
        CHECK(sleep_on(works[i], TIMER_ABSTIME, &t, NULL) == 0);
        CHECK(now_ns(works[i]) >= until);
        t = (struct timespec){.tv_sec = 1};
        CHECK(sleep_on(works[i], TIMER_ABSTIME, &t, NULL) == 0); /* long ago */
    }
    CHECK_ERRNO(sleep_on(CLOCK_MONOTONIC_RAW, 0, &nap, NULL), EOPNOTSUPP);
    CHECK_ERRNO(sleep_on(CLOCK_REALTIME_COARSE, 0, &nap, NULL), EOPNOTSUPP);
    CHECK_ERRNO(sleep_on(CLOCK_MONOTONIC_COARSE, 0, &nap, NULL), EOPNOTSUPP);
    CHECK_ERRNO(sleep_on(CLOCK_THREAD_CPUTIME_ID, 0, &nap, NULL), EOPNOTSUPP);
    CHECK_ERRNO(sleep_on(10, 0, &nap, NULL), EINVAL);
    CHECK_ERRNO(sleep_on(77, 0, &nap, NULL), EINVAL);
    CHECK_ERRNO(sleep_on(-1, 0, &nap, NULL), EINVAL);
}

static void test_arguments(void)
{
    struct timespec bad[] = {{0, 1000000000}, {0, -1}, {-1, 0}};
    for (unsigned i = 0; i < 3; i++) {
        CHECK_ERRNO(sleep_on(CLOCK_MONOTONIC, 0, &bad[i], NULL), EINVAL);
        CHECK_ERRNO(sleep_on(CLOCK_MONOTONIC, TIMER_ABSTIME, &bad[i], NULL), EINVAL);
        CHECK_ERRNO(syscall(SYS_nanosleep, &bad[i], NULL), EINVAL);
    }
    CHECK_ERRNO(sleep_on(CLOCK_MONOTONIC, 0, BAD_POINTER, NULL), EFAULT);
    CHECK_ERRNO(sleep_on(CLOCK_MONOTONIC_RAW, 0, BAD_POINTER, NULL), EOPNOTSUPP);
    CHECK_ERRNO(sleep_on(77, 0, BAD_POINTER, NULL), EINVAL);
    CHECK(sleep_on(CLOCK_MONOTONIC, 0, &nap, BAD_POINTER) == 0); /* nothing is left to store */
    CHECK_ERRNO(syscall(SYS_clock_getres, 77, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_clock_getres, CLOCK_MONOTONIC, BAD_POINTER), EFAULT);
    CHECK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL) == 0);
}

/* The process's CPU clock stands still while its only thread sleeps on it: the sleep ends by a
 * signal alone. */
static void on_alarm(int signal) { (void)signal; }
static void test_cpu_clock(void)
{
    struct itimerval soon = {.it_value = {.tv_usec = 30000}};
    struct timespec left = {0}, day = {.tv_sec = 86400};
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_ERRNO(sleep_on(CLOCK_PROCESS_CPUTIME_ID, 0, &day, &left), EINTR);
    CHECK(left.tv_sec > 86000);
    struct timespec past = {0, 1};
    CHECK(sleep_on(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &past, NULL) == 0);
}

/* Cancelled by a signal far beyond the time: what is left is right. */
static void test_long(void)
{
    struct itimerval soon = {.it_value = {.tv_usec = 20000}};
    struct timespec left = {0}, ever = {.tv_sec = INT64_MAX};
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK_ERRNO(sleep_on(CLOCK_MONOTONIC, 0, &ever, &left), EINTR);
    CHECK(left.tv_sec > 1000000000);
}

int main(void)
{
    test_clocks();
    test_arguments();
    test_cpu_clock();
    test_long();
    CHECK_DONE();
}
