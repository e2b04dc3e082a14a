/* SPDX-License-Identifier: BSD-3-Clause */
/* POSIX timers by their system calls: every way to be told, every clock, periods and overruns,
 * what is left, signals that are blocked, ignored and withdrawn, and every error. */
#include "check.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#define MS 1000000LL
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile int count, storm_timer = -1;
static siginfo_t last;

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    count++;
    last = *info;
    if (storm_timer >= 0 && count == 100) {
        struct itimerspec off = {0};
        syscall(SYS_timer_settime, storm_timer, 0, &off, NULL);
        storm_timer = -1;
    }
}

static int64_t now_ns(int clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct timespec spec(int64_t ns)
{
    return (struct timespec){ns / 1000000000, ns % 1000000000};
}

static int64_t ns_of(struct timespec t)
{
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int create(int clock, int notify, int signal, int value)
{
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal};
    int id = -1;
    event.sigev_value.sival_int = value;
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    return syscall(SYS_timer_create, clock, &event, &id) ? -1 : id;
}

static long set(int id, int flags, int64_t value, int64_t interval)
{
    struct itimerspec s = {spec(interval), spec(value)};
    return syscall(SYS_timer_settime, id, flags, &s, NULL);
}

static struct itimerspec get(int id)
{
    struct itimerspec s = {{-1, -1}, {-1, -1}};
    CHECK(syscall(SYS_timer_gettime, id, &s) == 0);
    return s;
}

static void wait_for(int wanted)
{
    struct timespec nap = {0, 1000000};
    for (int i = 0; count < wanted && i < 5000; i++)
        nanosleep(&nap, NULL);
}

static void block(int how, int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    CHECK(sigprocmask(how, &set, NULL) == 0);
}

static int pending(int signal)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signal);
}

/* One shot, relative and absolute, on each clock that passes while we sleep. */
static void test_clocks(void)
{
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI};
    for (int i = 0; i < 4; i++) {
        int id = create(clocks[i], SIGEV_SIGNAL, SIGUSR1, 100 + i);
        CHECK(id >= 0);
        count = 0;
        int64_t start = now_ns(clocks[i]);
        CHECK(set(id, 0, 3 * MS, 0) == 0);
        wait_for(1);
        CHECK(count == 1 && now_ns(clocks[i]) - start >= 3 * MS);
        CHECK(last.si_signo == SIGUSR1 && last.si_code == SI_TIMER);
        CHECK(last.si_value.sival_int == 100 + i && last.si_timerid == id && last.si_overrun == 0);
        CHECK(ns_of(get(id).it_value) == 0);
        start = now_ns(clocks[i]);
        CHECK(set(id, TIMER_ABSTIME, start + 3 * MS, 0) == 0);
        wait_for(2);
        CHECK(count == 2 && now_ns(clocks[i]) - start >= 3 * MS);
        CHECK(set(id, TIMER_ABSTIME, start, 0) == 0); /* past: at once */
        wait_for(3);
        CHECK(count == 3 && syscall(SYS_timer_getoverrun, id) == 0);
        CHECK(syscall(SYS_timer_delete, id) == 0);
    }
}

static void test_cpu_clocks(void)
{
    static const int clocks[] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
    for (int i = 0; i < 2; i++) {
        int id = create(clocks[i], SIGEV_SIGNAL, SIGUSR1, i);
        count = 0;
        int64_t start = now_ns(clocks[i]);
        CHECK(set(id, 0, 15 * MS, 10 * MS) == 0);
        struct timespec nap = {0, 40000000};
        nanosleep(&nap, NULL);
        CHECK(count == 0); /* sleeping takes no CPU time */
        while (count < 3)
            ;
        CHECK(now_ns(clocks[i]) - start >= 35 * MS);
        CHECK(ns_of(get(id).it_interval) == 10 * MS && ns_of(get(id).it_value) <= 10 * MS);
        CHECK(syscall(SYS_timer_delete, id) == 0);
    }
    /* Another name for the same clock. */
    clockid_t own;
    CHECK(clock_getcpuclockid(getpid(), &own) == 0);
    int id = create(own, SIGEV_SIGNAL, SIGUSR1, 7);
    count = 0;
    CHECK(id >= 0 && set(id, TIMER_ABSTIME, now_ns(own) + 5 * MS, 0) == 0);
    while (!count)
        ;
    CHECK(last.si_value.sival_int == 7 && syscall(SYS_timer_delete, id) == 0);
}

/* The defaults: SIGALRM, and the timer's number as its value. */
static void test_no_event(void)
{
    int id = -1;
    CHECK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id) == 0 && id >= 0);
    count = 0;
    CHECK(set(id, 0, MS, 0) == 0);
    wait_for(1);
    CHECK(last.si_signo == SIGALRM && last.si_value.sival_int == id);
    CHECK(syscall(SYS_timer_delete, id) == 0);
}

static void test_periods(void)
{
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 1, 5);
    count = 0;
    CHECK(set(id, 0, MS, 2 * MS) == 0);
    wait_for(5);
    CHECK(count >= 5);
    CHECK(ns_of(get(id).it_interval) == 2 * MS && ns_of(get(id).it_value) <= 2 * MS);
    /* While the signal is blocked the periods are counted, and one signal tells of all. */
    block(SIG_BLOCK, SIGRTMIN + 1);
    count = 0;
    CHECK(set(id, 0, MS, 2 * MS) == 0);
    CHECK(syscall(SYS_timer_getoverrun, id) == 0);
    struct timespec nap = {0, 30000000};
    nanosleep(&nap, NULL);
    CHECK(count == 0 && pending(SIGRTMIN + 1));
    CHECK(ns_of(get(id).it_value) > 0 && ns_of(get(id).it_value) <= 2 * MS);
    block(SIG_UNBLOCK, SIGRTMIN + 1);
    CHECK(count >= 1);
    CHECK(syscall(SYS_timer_delete, id) == 0);
    /* sigwaitinfo tells the overrun too. */
    block(SIG_BLOCK, SIGUSR2);
    id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR2, 6);
    CHECK(set(id, 0, MS, MS) == 0);
    nanosleep(&nap, NULL);
    sigset_t usr2;
    siginfo_t info;
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    CHECK(sigwaitinfo(&usr2, &info) == SIGUSR2 && info.si_code == SI_TIMER);
    CHECK(info.si_overrun >= 20 && syscall(SYS_timer_getoverrun, id) == info.si_overrun);
    CHECK(syscall(SYS_timer_delete, id) == 0);
    block(SIG_UNBLOCK, SIGUSR2);
}

/* A period far too short to serve: the overrun tells. */
static void test_storm(void)
{
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 8);
    count = 0;
    storm_timer = id;
    CHECK(set(id, 0, 1, 1) == 0);
    wait_for(100);
    CHECK(count == 100 && last.si_overrun > 0);
    CHECK(syscall(SYS_timer_delete, id) == 0);
}

static void test_told_otherwise(void)
{
    /* Nobody is told; what is left can be read. */
    int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);
    CHECK(id >= 0 && set(id, 0, 100000 * MS, 0) == 0);
    CHECK(ns_of(get(id).it_value) > 0 && ns_of(get(id).it_value) <= 100000 * MS);
    CHECK(set(id, 0, 4 * MS, 0) == 0);
    struct timespec nap = {0, 8000000};
    nanosleep(&nap, NULL);
    CHECK(ns_of(get(id).it_value) == 0);
    CHECK(set(id, 0, 4 * MS, 3 * MS) == 0);
    nanosleep(&nap, NULL);
    CHECK(ns_of(get(id).it_value) > 0 && ns_of(get(id).it_value) <= 3 * MS);
    CHECK(syscall(SYS_timer_delete, id) == 0);
    /* This thread is told. */
    id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL | SIGEV_THREAD_ID, SIGUSR1, 9);
    count = 0;
    CHECK(id >= 0 && set(id, 0, MS, 0) == 0);
    wait_for(1);
    CHECK(count == 1 && last.si_value.sival_int == 9);
    CHECK(syscall(SYS_timer_delete, id) == 0);
}

static void test_setting(void)
{
    struct itimerspec s = {spec(7 * MS), spec(100000 * MS)}, old;
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
    count = 0;
    CHECK(syscall(SYS_timer_settime, id, 0, &s, &old) == 0);
    CHECK(ns_of(old.it_value) == 0 && ns_of(old.it_interval) == 0);
    s = (struct itimerspec){spec(3 * MS), spec(0)};
    CHECK(syscall(SYS_timer_settime, id, 0, &s, &old) == 0);
    CHECK(ns_of(old.it_interval) == 7 * MS);
    CHECK(ns_of(old.it_value) > 0 && ns_of(old.it_value) <= 100000 * MS);
    CHECK(ns_of(get(id).it_value) == 0 && ns_of(get(id).it_interval) == 0);
    /* Other flags than TIMER_ABSTIME are not looked at. */
    CHECK(set(id, 0x40, 1000 * MS, 0) == 0 && set(id, 0, 0, 0) == 0);
    /* A signal that is pending goes when its timer is set anew or deleted. */
    sigset_t usr1;
    struct timespec nap = {0, 5000000}, none = {0, 0};
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    block(SIG_BLOCK, SIGUSR1);
    CHECK(set(id, 0, MS, 0) == 0);
    nanosleep(&nap, NULL);
    CHECK(pending(SIGUSR1) && set(id, 0, 0, 0) == 0);
    CHECK_ERRNO(sigtimedwait(&usr1, NULL, &none), EAGAIN);
    CHECK(set(id, 0, MS, MS) == 0);
    nanosleep(&nap, NULL);
    CHECK(pending(SIGUSR1) && syscall(SYS_timer_delete, id) == 0);
    CHECK_ERRNO(sigtimedwait(&usr1, NULL, &none), EAGAIN);
    /* Two timers, one signal number, both wait. */
    int a = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 1);
    int b = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 2);
    CHECK(set(a, 0, MS, 0) == 0 && set(b, 0, 2 * MS, 0) == 0);
    nanosleep(&nap, NULL);
    siginfo_t info;
    CHECK(sigtimedwait(&usr1, &info, &none) == SIGUSR1 && info.si_value.sival_int == 1);
    CHECK(sigtimedwait(&usr1, &info, &none) == SIGUSR1 && info.si_value.sival_int == 2);
    CHECK_ERRNO(sigtimedwait(&usr1, NULL, &none), EAGAIN);
    block(SIG_UNBLOCK, SIGUSR1);
    CHECK(count == 0 && syscall(SYS_timer_delete, a) == 0 && syscall(SYS_timer_delete, b) == 0);
}

/* An ignored signal is not sent; the timer goes on, and is heard when there is a handler again. */
static void test_ignored(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    struct timespec nap = {0, 5000000};
    int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 3);
    CHECK(sigaction(SIGUSR1, &ignore, &old) == 0);
    count = 0;
    CHECK(set(id, 0, MS, MS) == 0);
    nanosleep(&nap, NULL);
    CHECK(!pending(SIGUSR1) && ns_of(get(id).it_interval) == MS);
    CHECK(sigaction(SIGUSR1, &old, NULL) == 0);
    wait_for(2);
    CHECK(count >= 2);
    CHECK(syscall(SYS_timer_delete, id) == 0);
}

static void test_errors(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec s = {spec(0), spec(MS)};
    int id = -1;
    CHECK_ERRNO(syscall(SYS_timer_create, 77, &event, &id), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC_COARSE, &event, &id), EOPNOTSUPP);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, &event, &id), EOPNOTSUPP);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, BAD_POINTER, &id), EFAULT);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, NULL), EFAULT);
    event.sigev_notify = 77;
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = 65;
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
    event.sigev_signo = 0;
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
    event = (struct sigevent){.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event.sigev_notify_thread_id = 0x3fffffff;
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_create, ~0x0ffffff0 * 8, NULL, &id), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_settime, 4711, 0, &s, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_gettime, 4711, &s), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_getoverrun, 4711), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_delete, 4711), EINVAL);
    id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
    CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, BAD_POINTER, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &s, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_timer_gettime, id, BAD_POINTER), EFAULT);
    s.it_value.tv_nsec = 1000000000;
    CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &s, NULL), EINVAL);
    s = (struct itimerspec){{-1, 0}, {0, 0}};
    CHECK_ERRNO(syscall(SYS_timer_settime, id, 0, &s, NULL), EINVAL);
    CHECK(syscall(SYS_timer_delete, id) == 0);
    CHECK_ERRNO(syscall(SYS_timer_delete, id), EINVAL);
    struct rlimit limit, tight;
    CHECK(getrlimit(RLIMIT_SIGPENDING, &limit) == 0);
    tight = (struct rlimit){0, limit.rlim_max};
    CHECK(setrlimit(RLIMIT_SIGPENDING, &tight) == 0);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id), EAGAIN);
    CHECK(setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
}

int main(void)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART};
    action.sa_sigaction = handler;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(sigaction(SIGRTMIN + 1, &action, NULL) == 0);
    test_clocks();
    test_cpu_clocks();
    test_no_event();
    test_periods();
    test_storm();
    test_told_otherwise();
    test_setting();
    test_ignored();
    test_errors();
    /* Running at the end: nobody waits for them. */
    set(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0), 0, MS, MS);
    CHECK_DONE();
}
