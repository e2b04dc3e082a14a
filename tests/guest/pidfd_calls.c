/* SPDX-License-Identifier: BSD-3-Clause */
/* Processes as descriptors: opening, polling, waiting, signals, taking a descriptor over. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#define OPEN 434
#define SEND 424
#define GETFD 438

static int hold[2];

/* A child that lives until `hold` is closed. */
static pid_t waiting(void)
{
    char byte;
    CHECK(pipe(hold) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        close(hold[1]);
        _exit(read(hold[0], &byte, 1) == 0 ? 4 : 5);
    }
    close(hold[0]);
    return child;
}

static short events(int fd, int timeout)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    poll(&p, 1, timeout);
    return p.revents;
}

static void test_life(void)
{
    siginfo_t info = {0};
    char byte, text[4096] = {0}, name[64];
    pid_t child = waiting();
    int fd = syscall(OPEN, child, 0);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK_ERRNO(read(fd, &byte, 1), EINVAL);
    CHECK_ERRNO(write(fd, &byte, 1), EINVAL);
    CHECK(events(fd, 0) == 0);
    CHECK(waitid((idtype_t)P_PIDFD, fd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0);
    snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
    int f = open(name, O_RDONLY);
    CHECK(read(f, text, sizeof(text) - 1) > 0);
    snprintf(name, sizeof(name), "\nPid:\t%d\n", child);
    CHECK(strstr(text, name) != NULL);
    close(f);
    close(hold[1]);
    CHECK(events(fd, 10000) == POLLIN);
    CHECK(syscall(SEND, fd, SIGKILL, NULL, 0) == 0); /* a zombie takes it */
    CHECK(waitid((idtype_t)P_PIDFD, fd, &info, WEXITED | WNOWAIT) == 0 && info.si_status == 4);
    CHECK(waitid((idtype_t)P_PIDFD, fd, &info, WEXITED) == 0 && info.si_pid == child);
    CHECK_ERRNO(waitid((idtype_t)P_PIDFD, fd, &info, WEXITED), ECHILD);
    CHECK_ERRNO(syscall(SEND, fd, 0, NULL, 0), ESRCH);
    CHECK(events(fd, 0) & POLLIN);
    CHECK_ERRNO(syscall(GETFD, fd, 0, 0), ESRCH);
    close(fd);
}

static void test_epoll(void)
{
    struct epoll_event e = {.events = EPOLLIN}, seen = {0};
    pid_t child = waiting();
    int fd = syscall(OPEN, child, 0), epoll = epoll_create1(0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0);
    CHECK(epoll_wait(epoll, &seen, 1, 0) == 0);
    CHECK(syscall(SEND, fd, SIGTERM, NULL, 0) == 0);
    CHECK(epoll_wait(epoll, &seen, 1, 10000) == 1 && seen.events == EPOLLIN);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == SIGTERM);
    close(epoll);
    close(fd);
    close(hold[1]);
}

static volatile sig_atomic_t heard, value;
static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    heard++;
    value = info->si_value.sival_int;
}

static void test_signals(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    int self = syscall(OPEN, getpid(), 0);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(syscall(SEND, self, SIGUSR1, NULL, 0) == 0 && heard == 1);
    info.si_value.sival_int = 77;
    CHECK(syscall(SEND, self, SIGUSR1, &info, 0) == 0 && heard == 2 && value == 77);
    CHECK_ERRNO(syscall(SEND, self, SIGUSR2, &info, 0), EINVAL);
    CHECK_ERRNO(syscall(SEND, self, 99, NULL, 0), EINVAL);
    CHECK_ERRNO(syscall(SEND, self, SIGUSR1, BAD_POINTER, 0), EFAULT);
    CHECK_ERRNO(syscall(SEND, self, SIGUSR1, NULL, 0x1000), EINVAL);
    CHECK_ERRNO(syscall(SEND, 0, SIGUSR1, NULL, 0), EBADF);
    CHECK_ERRNO(syscall(SEND, 99, SIGUSR1, NULL, 0), EBADF);
    pid_t child = waiting();
    int other = syscall(OPEN, child, 0);
    info.si_code = SI_USER;
    CHECK_ERRNO(syscall(SEND, other, SIGUSR1, &info, 0), EPERM);
    close(hold[1]);
    CHECK(waitpid(child, NULL, 0) == child);
    close(other);
    close(self);
}

static void test_taking(void)
{
    int ends[2];
    char byte = 'x';
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (!child) {
        int fd = open("taken", O_RDWR | O_CREAT | O_TRUNC, 0600);
        dup2(fd, 50);
        CHECK(write(fd, "taken", 5) == 5 && write(ends[1], &byte, 1) == 1);
        close(ends[1]);
        pause();
    }
    close(ends[1]);
    CHECK(read(ends[0], &byte, 1) == 1);
    int fd = syscall(OPEN, child, 0), got = syscall(GETFD, fd, 50, 0);
    char text[8] = {0};
    CHECK(got >= 0 && fcntl(got, F_GETFD) == FD_CLOEXEC && pread(got, text, 5, 0) == 5);
    CHECK(!strcmp(text, "taken"));
    CHECK_ERRNO(syscall(GETFD, fd, 51, 0), EBADF);
    CHECK_ERRNO(syscall(GETFD, got, 0, 0), EBADF);
    CHECK_ERRNO(syscall(GETFD, fd, 50, 1), EINVAL);
    kill(child, SIGKILL);
    CHECK(waitpid(child, NULL, 0) == child);
    close(got);
    close(fd);
    close(ends[0]);
}

static void test_clone(void)
{
    int fd = -1, status;
    siginfo_t info;
    fflush(stdout);
    long child = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &fd, NULL, 0);
    if (!child)
        _exit(17);
    CHECK(child > 0 && fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(waitid((idtype_t)P_PIDFD, fd, &info, WEXITED) == 0);
    CHECK(info.si_pid == child && info.si_status == 17);
    close(fd);
    CHECK_ERRNO(waitpid((pid_t)child, &status, 0), ECHILD);
}

static void test_nonblock(void)
{
    siginfo_t info;
    pid_t child = waiting();
    int fd = syscall(OPEN, child, O_NONBLOCK);
    CHECK(fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK_ERRNO(waitid((idtype_t)P_PIDFD, fd, &info, WEXITED), EAGAIN);
    close(hold[1]);
    CHECK(events(fd, 10000) == POLLIN);
    CHECK(waitid((idtype_t)P_PIDFD, fd, &info, WEXITED) == 0 && info.si_pid == child);
    close(fd);
}

static void test_errors(void)
{
    siginfo_t info;
    CHECK_ERRNO(syscall(OPEN, 0, 0), EINVAL);
    CHECK_ERRNO(syscall(OPEN, -1, 0), EINVAL);
    CHECK_ERRNO(syscall(OPEN, 1 << 29, 0), ESRCH);
    CHECK_ERRNO(syscall(OPEN, getpid(), 2), EINVAL);
    CHECK_ERRNO(waitid((idtype_t)P_PIDFD, 0, &info, WEXITED), EBADF);
    CHECK_ERRNO(waitid((idtype_t)P_PIDFD, 99, &info, WEXITED), EBADF);
    int self = syscall(OPEN, getpid(), 0);
    CHECK_ERRNO(waitid((idtype_t)P_PIDFD, self, &info, WEXITED), ECHILD);
    close(self);
}

/* Before there were pidfds: a process's directory takes signals, and nothing else. */
static void test_directory(void)
{
    char name[64];
    int status;
    pid_t child = waiting();

    snprintf(name, sizeof(name), "/proc/%d", child);
    int fd = open(name, O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0 && syscall(SEND, fd, 0, NULL, 0) == 0);
    CHECK_ERRNO(syscall(GETFD, fd, 0, 0), EBADF);
    CHECK(syscall(SEND, fd, SIGTERM, NULL, 0) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == SIGTERM);
    CHECK_ERRNO(syscall(SEND, fd, 0, NULL, 0), ESRCH);
    close(fd);
    close(hold[1]);
    fd = open("/proc", O_RDONLY | O_DIRECTORY);
    CHECK_ERRNO(syscall(SEND, fd, 0, NULL, 0), EBADF);
    close(fd);
}

int main(void)
{
    test_directory();
    test_life();
    test_epoll();
    test_signals();
    test_taking();
    test_clone();
    test_nonblock();
    test_errors();
    CHECK_DONE();
}
