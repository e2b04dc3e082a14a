/* SPDX-License-Identifier: BSD-3-Clause */
/* timerfd: reading, polling, periods, absolute times, what fdinfo tells, and every error. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#define MS 1000000LL

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

static int set(int fd, int flags, int64_t value, int64_t interval)
{
    struct itimerspec s = {spec(interval), spec(value)};
    return timerfd_settime(fd, flags, &s, NULL);
}

static struct itimerspec get(int fd)
{
    struct itimerspec s = {{-1, -1}, {-1, -1}};
    CHECK(timerfd_gettime(fd, &s) == 0);
    return s;
}

static uint64_t ticks(int fd)
{
    uint64_t n = 0;
    CHECK(read(fd, &n, sizeof(n)) == sizeof(n));
    return n;
}

static void sleep_ns(int64_t ns)
{
    struct timespec t = spec(ns);
    nanosleep(&t, NULL);
}

static void test_clocks(void)
{
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};
    for (int i = 0; i < 3; i++) {
        int fd = timerfd_create(clocks[i], TFD_CLOEXEC);
        CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
        int64_t start;
        CHECK(set(fd, 0, 100000 * MS, 0) == 0);
        CHECK(ns_of(get(fd).it_value) > 0 && ns_of(get(fd).it_value) <= 100000 * MS);
        start = now_ns(clocks[i]);
        CHECK(set(fd, 0, 3 * MS, 0) == 0);
        CHECK(ticks(fd) == 1 && now_ns(clocks[i]) - start >= 3 * MS);
        CHECK(ns_of(get(fd).it_value) == 0);
        start = now_ns(clocks[i]);
        CHECK(set(fd, TFD_TIMER_ABSTIME, start + 3 * MS, 0) == 0);
        CHECK(ticks(fd) == 1 && now_ns(clocks[i]) - start >= 3 * MS);
        /* An absolute time in the past has expired at once, with all its periods. */
        CHECK(set(fd, TFD_TIMER_ABSTIME, start - 10 * MS, 5 * MS) == 0);
        CHECK(ticks(fd) >= 3);
        CHECK(ns_of(get(fd).it_interval) == 5 * MS && ns_of(get(fd).it_value) <= 5 * MS);
        CHECK(set(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, start, 0) == 0 && ticks(fd) == 1);
        close(fd);
    }
}

static void test_periods(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    uint64_t n;
    struct itimerspec s = {spec(0), spec(50 * MS)}, old;
    CHECK_ERRNO(read(fd, &n, sizeof(n)), EAGAIN);
    CHECK(set(fd, 0, MS, 2 * MS) == 0);
    sleep_ns(30 * MS);
    CHECK(ticks(fd) >= 14);
    sleep_ns(10 * MS);
    CHECK(timerfd_settime(fd, 0, &s, &old) == 0); /* nothing is left of what was not read */
    CHECK(ns_of(old.it_interval) == 2 * MS && ns_of(old.it_value) <= 2 * MS);
    CHECK_ERRNO(read(fd, &n, sizeof(n)), EAGAIN);
    CHECK(set(fd, 0, 0, 5 * MS) == 0); /* a period alone arms nothing */
    CHECK(ns_of(get(fd).it_value) == 0);
    sleep_ns(8 * MS);
    CHECK_ERRNO(read(fd, &n, sizeof(n)), EAGAIN);
    close(fd);
}

static void test_polling(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0), ep = epoll_create1(0);
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u32 = 9};
    CHECK(poll(&p, 1, 0) == 0);
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) == 0 && epoll_wait(ep, &e, 1, 0) == 0);
    CHECK(set(fd, 0, 2 * MS, 0) == 0);
    CHECK(poll(&p, 1, 5000) == 1 && p.revents == POLLIN);
    CHECK(epoll_wait(ep, &e, 1, 5000) == 1 && e.events == EPOLLIN && e.data.u32 == 9);
    CHECK(epoll_wait(ep, &e, 1, 0) == 0);
    CHECK(ticks(fd) == 1 && poll(&p, 1, 0) == 0);
    close(fd);
    close(ep);
}

static void *arm_later(void *arg)
{
    sleep_ns(5 * MS);
    set(*(int *)arg, 0, MS, 0);
    return NULL;
}

/* A blocked read sees a timer that is set while it waits. */
static void test_blocked_reader(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    pthread_t setter;
    CHECK(pthread_create(&setter, NULL, arm_later, &fd) == 0);
    CHECK(ticks(fd) == 1);
    pthread_join(setter, NULL);
    close(fd);
}

static void handler(int signal) { (void)signal; }

static void test_interrupted(void)
{
    struct sigaction action = {.sa_handler = handler};
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    uint64_t n;
    timer_t timer;
    struct itimerspec soon = {spec(20 * MS), spec(3 * MS)}; /* again: it may come before the read */
    sigaction(SIGALRM, &action, NULL);
    CHECK(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
    CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
    CHECK_ERRNO(read(fd, &n, sizeof(n)), EINTR);
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    CHECK(set(fd, 0, 15 * MS, 0) == 0 && timer_settime(timer, 0, &soon, NULL) == 0);
    CHECK(ticks(fd) == 1);
    timer_delete(timer);
    close(fd);
}

static void test_fdinfo(void)
{
    char path[64], text[512] = "";
    int fd = timerfd_create(CLOCK_BOOTTIME, 0);
    CHECK(set(fd, TFD_TIMER_ABSTIME, now_ns(CLOCK_BOOTTIME) + 100000 * MS, 1500 * MS) == 0);
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    FILE *f = fopen(path, "r");
    CHECK(f && fread(text, 1, sizeof(text) - 1, f) > 0);
    CHECK(strstr(text, "clockid: 7\nticks: 0\nsettime flags: 01\nit_value: (99, "));
    CHECK(strstr(text, "it_interval: (1, 500000000)\n"));
    fclose(f);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, text, sizeof(text) - 1);
    CHECK(length == 20 && memcmp(text, "anon_inode:[timerfd]", 20) == 0);
    close(fd);
}

static void test_errors(void)
{
    struct itimerspec s = {spec(0), spec(MS)};
    int fd = timerfd_create(CLOCK_MONOTONIC, 0), ends[2];
    uint64_t n;
    CHECK(pipe(ends) == 0);
    CHECK_ERRNO(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
    CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC_RAW, 0), EINVAL);
    CHECK_ERRNO(timerfd_create(CLOCK_TAI, 0), EINVAL);
    CHECK_ERRNO(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
    CHECK_ERRNO(timerfd_settime(fd, 4, &s, NULL), EINVAL);
    CHECK_ERRNO(timerfd_settime(-1, 0, &s, NULL), EBADF);
    CHECK_ERRNO(timerfd_settime(ends[0], 0, &s, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_timerfd_settime, fd, 0, NULL, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_timerfd_settime, fd, 0, &s, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_timerfd_gettime, fd, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_timerfd_gettime, -1, &s), EBADF);
    CHECK_ERRNO(syscall(SYS_timerfd_gettime, ends[0], &s), EINVAL);
    s.it_value.tv_nsec = -1;
    CHECK_ERRNO(timerfd_settime(fd, 0, &s, NULL), EINVAL);
    CHECK_ERRNO(read(fd, &n, 7), EINVAL);
    CHECK_ERRNO(write(fd, &n, 8), EINVAL);
    CHECK(lseek(fd, 7, SEEK_SET) == 0);
    CHECK_ERRNO(pread(fd, &n, 8, 0), ESPIPE);
    CHECK(set(fd, 0, 1, 0) == 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    CHECK(poll(&p, 1, 5000) == 1);
    CHECK_ERRNO(read(fd, BAD_POINTER, 8), EFAULT);
    close(fd);
}

int main(void)
{
    test_clocks();
    test_periods();
    test_polling();
    test_blocked_reader();
    test_interrupted();
    test_fdinfo();
    test_errors();
    CHECK_DONE();
}
