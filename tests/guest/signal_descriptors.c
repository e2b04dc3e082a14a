/* SPDX-License-Identifier: BSD-3-Clause */
/* signalfd: what a record says of each kind of signal, whose signals are read, waiting by read,
 * poll and epoll, and every error. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static sigset_t all;

static int thread_id(void) { return (int)syscall(SYS_gettid); }

static struct signalfd_siginfo one(int fd)
{
    struct signalfd_siginfo s = {0};
    CHECK(read(fd, &s, sizeof(s)) == sizeof(s));
    return s;
}

static void test_records(int fd)
{
    struct signalfd_siginfo s, many[4];
    CHECK(sizeof(s) == 128);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    s = one(fd);
    CHECK(s.ssi_signo == SIGUSR1 && s.ssi_code == SI_USER && s.ssi_errno == 0);
    CHECK(s.ssi_pid == (uint32_t)getpid() && s.ssi_uid == getuid() && s.ssi_int == 0);
    CHECK(syscall(SYS_tgkill, getpid(), thread_id(), SIGUSR2) == 0);
    s = one(fd);
    CHECK(s.ssi_signo == SIGUSR2 && s.ssi_code == SI_TKILL && s.ssi_pid == (uint32_t)getpid());
    union sigval value = {.sival_ptr = (void *)0x1234567890};
    CHECK(sigqueue(getpid(), SIGRTMIN + 2, value) == 0);
    s = one(fd);
    CHECK(s.ssi_signo == (uint32_t)SIGRTMIN + 2 && s.ssi_code == SI_QUEUE);
    CHECK(s.ssi_ptr == 0x1234567890 && s.ssi_int == 0x34567890 && s.ssi_pid == (uint32_t)getpid());
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec soon = {{0, 0}, {0, 1000000}};
    event.sigev_value.sival_int = 77;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
    s = one(fd);
    CHECK(s.ssi_signo == SIGUSR1 && s.ssi_code == SI_TIMER && s.ssi_int == 77);
    CHECK(s.ssi_overrun == 0 && s.ssi_pid == 0);
    timer_delete(timer);
    /* Several at once: lowest number first, real-time ones in their order, as many as fit. */
    for (int i = 1; i <= 3; i++) {
        value.sival_int = i;
        CHECK(sigqueue(getpid(), SIGRTMIN + 1, value) == 0);
    }
    CHECK(kill(getpid(), SIGHUP) == 0);
    CHECK(read(fd, many, 3 * sizeof(s) + 5) == 3 * (ssize_t)sizeof(s));
    CHECK(many[0].ssi_signo == SIGHUP && many[1].ssi_int == 1 && many[2].ssi_int == 2);
    CHECK(read(fd, many, sizeof(many)) == sizeof(s) && many[0].ssi_int == 3);
}

static void test_mask(int fd)
{
    sigset_t only, pending;
    struct signalfd_siginfo s;
    sigemptyset(&only);
    sigaddset(&only, SIGUSR2);
    int small = signalfd(-1, &only, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK(small >= 0 && fcntl(small, F_GETFD) == FD_CLOEXEC && (fcntl(small, F_GETFL) & O_NONBLOCK));
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK_ERRNO(read(small, &s, sizeof(s)), EAGAIN);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    sigaddset(&only, SIGUSR1);
    CHECK(signalfd(small, &only, 0) == small);
    CHECK(one(small).ssi_signo == SIGUSR1);
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1));
    CHECK_ERRNO(read(fd, &s, 127), EINVAL);
    char path[64], text[256] = "";
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", small);
    FILE *f = fopen(path, "r");
    CHECK(f && fread(text, 1, sizeof(text) - 1, f) > 0 &&
          strstr(text, "sigmask:\t0000000000000a00\n"));
    fclose(f);
    close(small);
}

static void test_polling(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = 5};
    int ep = epoll_create1(0);
    CHECK(poll(&p, 1, 0) == 0);
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) == 0 && epoll_wait(ep, &e, 1, 0) == 0);
    timer_t timer;
    struct itimerspec soon = {{0, 0}, {0, 2000000}};
    CHECK(timer_create(CLOCK_MONOTONIC, NULL, &timer) == 0);
    CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
    CHECK(poll(&p, 1, 5000) == 1 && p.revents == POLLIN);
    CHECK(epoll_wait(ep, &e, 1, 5000) == 1 && e.data.u32 == 5 && e.events == EPOLLIN);
    CHECK(one(fd).ssi_signo == SIGALRM && poll(&p, 1, 0) == 0 && epoll_wait(ep, &e, 1, 0) == 0);
    CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
    CHECK(epoll_wait(ep, &e, 1, 5000) == 1);
    CHECK(one(fd).ssi_signo == SIGALRM);
    timer_delete(timer);
    close(ep);
}

static int shared_fd;
static volatile int other_tid;

static void *other(void *arg)
{
    struct signalfd_siginfo s;
    struct pollfd p = {.fd = shared_fd, .events = POLLIN};
    __atomic_store_n(&other_tid, thread_id(), __ATOMIC_SEQ_CST);
    CHECK(poll(&p, 1, 5000) == 1);
    s = one(shared_fd);
    CHECK(s.ssi_signo == SIGUSR2 && s.ssi_code == SI_TKILL);
    /* The process's signals are everybody's. */
    s = one(shared_fd);
    CHECK(s.ssi_signo == SIGUSR1);
    return arg;
}

/* A thread's own signals are not another's to read. */
static void test_threads(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    pthread_t t;
    shared_fd = fd;
    CHECK(pthread_create(&t, NULL, other, NULL) == 0);
    while (!other_tid)
        poll(NULL, 0, 1);
    poll(NULL, 0, 5);
    CHECK(syscall(SYS_tgkill, getpid(), other_tid, SIGUSR2) == 0);
    CHECK(poll(&p, 1, 3) == 0);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    pthread_join(t, NULL);
}

static void test_errors(int fd)
{
    unsigned long set = 0;
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, &set, 8, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, BAD_POINTER, 8, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_signalfd4, 99, &set, 8, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_signalfd4, -2, &set, 8, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_signalfd4, ends[0], &set, 8, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_signalfd, -1, &set, 7), EINVAL);
    int old = (int)syscall(SYS_signalfd, -1, &set, 8);
    CHECK(old >= 0 && close(old) == 0);
    CHECK_ERRNO(write(fd, &set, 8), EINVAL);
    CHECK(lseek(fd, 7, SEEK_SET) == 0);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK_ERRNO(read(fd, BAD_POINTER, 128), EFAULT);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
    int fd = signalfd(-1, &all, 0);
    CHECK(fd >= 0);
    test_records(fd);
    test_mask(fd);
    test_polling(fd);
    test_threads(fd);
    test_errors(fd);
    CHECK_DONE();
}
