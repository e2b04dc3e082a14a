/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks, sleeps, interval timers, through the vDSO and through calls. */
#include "check.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;
    CHECK(clock_gettime(clock, &t) == 0);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t call_ns(clockid_t clock)
{
    struct timespec t;
    CHECK(syscall(SYS_clock_gettime, clock, &t) == 0);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void test_clocks(void)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW,
                                       CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID,
                                       CLOCK_THREAD_CPUTIME_ID};
    struct timespec r;
    for (unsigned i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        int64_t last = 0;
        for (int n = 0; n < 200; n++) {
            int64_t a = now_ns(clocks[i]), b = call_ns(clocks[i]);
            CHECK(a >= last && b + 1000 >= a);
            last = a;
        }
        CHECK(clock_getres(clocks[i], &r) == 0 && r.tv_sec == 0 && r.tv_nsec == 1);
    }
    CHECK(now_ns(CLOCK_REALTIME) > 1700000000LL * 1000000000);
    struct timeval tv;
    CHECK(gettimeofday(&tv, NULL) == 0 && llabs((long long)tv.tv_sec - time(NULL)) <= 1);
    CHECK(llabs((long long)(now_ns(CLOCK_MONOTONIC_COARSE) - now_ns(CLOCK_MONOTONIC))) < 100000000);
}

static void test_sleep(void)
{
    struct timespec nap = {.tv_nsec = 30000000}, bad = {.tv_nsec = 1000000000};
    int64_t before = now_ns(CLOCK_MONOTONIC);
    CHECK(nanosleep(&nap, NULL) == 0);
    CHECK(now_ns(CLOCK_MONOTONIC) - before >= 30000000);
    CHECK_ERRNO(nanosleep(&bad, NULL), EINVAL);
    CHECK_ERRNO(nanosleep(BAD_POINTER, NULL), EFAULT);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += until.tv_nsec >= 970000000;
    until.tv_nsec = (until.tv_nsec + 30000000) % 1000000000;
    before = now_ns(CLOCK_MONOTONIC);
    CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL) == 0);
    CHECK(now_ns(CLOCK_MONOTONIC) - before >= 25000000);
    CHECK(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &nap, NULL) == EINVAL);
    CHECK(clock_nanosleep(77, 0, &nap, NULL) == EINVAL);
}

static void test_cpu_time(void)
{
    int64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    volatile uint64_t x = 0;
    while (now_ns(CLOCK_PROCESS_CPUTIME_ID) - before < 20000000)
        x++;
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    CHECK(usage.ru_utime.tv_sec * 1000000LL + usage.ru_utime.tv_usec +
          usage.ru_stime.tv_sec * 1000000LL + usage.ru_stime.tv_usec >= 10000);
    CHECK(usage.ru_maxrss > 0);
    struct tms t;
    CHECK(times(&t) != (clock_t)-1);
    CHECK_ERRNO(getrusage(5, &usage), EINVAL);
    CHECK_ERRNO(syscall(SYS_clock_gettime, 99, &usage), EINVAL);
    CHECK_ERRNO(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, BAD_POINTER), EFAULT);
}

static void test_itimer(void)
{
    struct itimerval t = {.it_value = {.tv_sec = 100}}, got;
    CHECK(setitimer(ITIMER_REAL, &t, NULL) == 0);
    CHECK(getitimer(ITIMER_REAL, &got) == 0 && got.it_value.tv_sec >= 99);
    CHECK(alarm(7) >= 99);
    CHECK(alarm(0) == 7);
    CHECK(getitimer(ITIMER_REAL, &got) == 0 && got.it_value.tv_sec == 0 && got.it_value.tv_usec == 0);
    CHECK_ERRNO(getitimer(9, &got), EINVAL);
    t.it_value.tv_usec = 1000000;
    CHECK_ERRNO(setitimer(ITIMER_REAL, &t, NULL), EINVAL);
}

int main(void)
{
    test_clocks();
    test_sleep();
    test_cpu_time();
    test_itimer();
    CHECK_DONE();
}
