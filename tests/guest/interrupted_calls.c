/* SPDX-License-Identifier: BSD-3-Clause */
/* What a signal does to a call that waits: EINTR, restart with SA_RESTART, restart without a
 * handler, and calls that are never restarted. See signal(7), "Interruption of system calls". */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#define FUTEX_WAIT 0

static volatile int count;
static int wake_fd = -1; /* a handler writes here, so that a restarted call comes to an end */

static void on_alarm(int signal)
{
    (void)signal;
    count++;
    if (wake_fd >= 0 && count == 2 && write(wake_fd, "12345678", 8) != 8)
        _exit(99);
}

static void handle(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    CHECK(sigaction(signal, &action, NULL) == 0);
}

/* SIGALRM after 15 ms, then every 15 ms. */
static void start(int flags)
{
    struct itimerval soon = {{0, 15000}, {0, 15000}};
    count = 0;
    handle(SIGALRM, on_alarm, flags);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
}

static void stop(void)
{
    struct itimerval never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    wake_fd = -1;
}

static void test_read(void)
{
    int ends[2];
    char bytes[16];
    CHECK(pipe(ends) == 0);
    start(0);
    CHECK_ERRNO(read(ends[0], bytes, 8), EINTR);
    CHECK(count == 1);
    wake_fd = ends[1];
    start(SA_RESTART);
    CHECK(read(ends[0], bytes, 8) == 8 && count >= 2);
    stop();
    close(ends[0]);
    close(ends[1]);
}

static void drain(int signal)
{
    static char bytes[65536];
    (void)signal;
    if (++count == 2 && read(wake_fd, bytes, sizeof(bytes)) < 1)
        _exit(98);
}

static void test_write(void)
{
    int ends[2];
    static char block[65536 + 4096];
    CHECK(pipe(ends) == 0);
    start(0);
    /* Some of it went in: the call ends short, not with EINTR. */
    CHECK(write(ends[1], block, sizeof(block)) == 65536);
    CHECK_ERRNO(write(ends[1], block, 1), EINTR);
    stop();
    wake_fd = ends[0];
    start(SA_RESTART);
    handle(SIGALRM, drain, SA_RESTART);
    CHECK(write(ends[1], block, 4096) == 4096 && count >= 2);
    stop();
    close(ends[0]);
    close(ends[1]);
}

static void test_futex(void)
{
    static int word = 5;
    struct timespec limit = {.tv_nsec = 100000000};
    start(0);
    CHECK_ERRNO(syscall(SYS_futex, &word, FUTEX_WAIT, 5, NULL, NULL, 0), EINTR);
    CHECK_ERRNO(syscall(SYS_futex, &word, FUTEX_WAIT, 5, &limit, NULL, 0), EINTR);
    start(SA_RESTART); /* with a relative limit the wait goes on for what is left of it */
    CHECK_ERRNO(syscall(SYS_futex, &word, FUTEX_WAIT, 5, &limit, NULL, 0), EINTR);
    stop();
    CHECK_ERRNO(syscall(SYS_futex, &word, FUTEX_WAIT, 6, &limit, NULL, 0), EAGAIN);
    CHECK_ERRNO(syscall(SYS_futex, &word, FUTEX_WAIT, 5, &limit, NULL, 0), ETIMEDOUT);
}

/* Never restarted after a handler, SA_RESTART or not. */
static void test_never_restarted(int flags)
{
    int ends[2], events = epoll_create1(0), number = eventfd(0, 0);
    struct pollfd p;
    struct epoll_event event = {.events = EPOLLIN};
    struct timespec nap = {.tv_sec = 5}, left = {0}, until;
    struct timeval limit = {.tv_sec = 5};
    sigset_t set;
    fd_set readers;
    CHECK(pipe(ends) == 0);
    p = (struct pollfd){.fd = ends[0], .events = POLLIN};
    FD_ZERO(&readers);
    FD_SET(ends[0], &readers);
    CHECK(epoll_ctl(events, EPOLL_CTL_ADD, number, &event) == 0);
    sigemptyset(&set);
    start(flags);
    CHECK_ERRNO(poll(&p, 1, -1), EINTR);
    CHECK_ERRNO(poll(&p, 1, 5000), EINTR);
    CHECK_ERRNO(poll(NULL, 0, 5000), EINTR);
    CHECK_ERRNO(ppoll(&p, 1, NULL, NULL), EINTR);
    /* not by libc's wrapper: musl's keeps the time that is left to itself */
    CHECK_ERRNO(syscall(SYS_select, ends[0] + 1, &readers, NULL, NULL, &limit), EINTR);
    CHECK(limit.tv_sec == 4 && FD_ISSET(ends[0], &readers));
    CHECK_ERRNO(pselect(ends[0] + 1, &readers, NULL, NULL, NULL, &set), EINTR);
    CHECK_ERRNO(epoll_wait(events, &event, 1, -1), EINTR);
    CHECK_ERRNO(epoll_pwait(events, &event, 1, 5000, &set), EINTR);
    CHECK_ERRNO(nanosleep(&nap, &left), EINTR);
    CHECK(left.tv_sec == 4);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 5;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR);
    CHECK(clock_nanosleep(CLOCK_REALTIME, 0, &nap, &left) == EINTR && left.tv_sec == 4);
    CHECK_ERRNO(pause(), EINTR);
    CHECK_ERRNO(sigsuspend(&set), EINTR);
    sigaddset(&set, SIGUSR2);
    CHECK_ERRNO(syscall(SYS_rt_sigtimedwait, &set, NULL, &nap, 8), EINTR);
    stop();
    close(ends[0]);
    close(ends[1]);
    close(events);
    close(number);
}

/* A signal that is ignored does not end a wait. */
static void test_ignored(void)
{
    struct timespec nap = {.tv_nsec = 60000000}, before, after;
    int ends[2];
    struct pollfd p;
    CHECK(pipe(ends) == 0);
    p = (struct pollfd){.fd = ends[0], .events = POLLIN};
    start(0);
    handle(SIGALRM, SIG_IGN, 0);
    clock_gettime(CLOCK_MONOTONIC, &before);
    CHECK(nanosleep(&nap, NULL) == 0);
    CHECK(poll(&p, 1, 60) == 0);
    CHECK(poll(NULL, 0, 30) == 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec >= 150000000);
    stop();
    close(ends[0]);
    close(ends[1]);
}

/* A blocked one neither; it waits until it is unblocked. */
static void test_blocked(void)
{
    struct timespec nap = {.tv_nsec = 60000000};
    sigset_t set, pending;
    start(0);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(nanosleep(&nap, NULL) == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGALRM));
    int seen = count;
    stop();
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK(count == seen + 1);
}

/* A named pipe's open waits for the other side. */
static void test_open(void)
{
    unlink("a-fifo");
    CHECK(syscall(SYS_mknodat, AT_FDCWD, "a-fifo", 0010600, 0) == 0);
    start(0);
    CHECK_ERRNO(open("a-fifo", O_RDONLY), EINTR);
    CHECK_ERRNO(open("a-fifo", O_WRONLY), EINTR);
    stop();
    CHECK(unlink("a-fifo") == 0);
}

int main(void)
{
    test_read();
    test_write();
    test_futex();
    test_never_restarted(0);
    test_never_restarted(SA_RESTART);
    test_ignored();
    test_blocked();
    test_open();
    CHECK_DONE();
}
