/* SPDX-License-Identifier: BSD-3-Clause */
/* pipe, poll, ppoll, select, pselect6, eventfd, epoll: within one process. */
#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

static char buffer[200000];
static volatile int caught;

static void on_signal(int number)
{
    caught = number;
}

static void pipes(void)
{
    int p[2];
    CHECK(pipe2(p, O_NONBLOCK | O_CLOEXEC) == 0 && fcntl(p[0], F_GETFD) == FD_CLOEXEC);
    CHECK_ERRNO(read(p[0], buffer, 10), EAGAIN);
    CHECK_ERRNO(write(p[0], buffer, 10), EBADF);
    CHECK_ERRNO(read(p[1], buffer, 10), EBADF);
    CHECK_ERRNO(lseek(p[0], 0, SEEK_SET), ESPIPE);
    CHECK_ERRNO(pread(p[0], buffer, 1, 0), ESPIPE);
    CHECK_ERRNO(pwrite(p[1], buffer, 1, 0), ESPIPE);
    CHECK_ERRNO(ftruncate(p[1], 0), EINVAL);
    CHECK_ERRNO(fsync(p[1]), EINVAL);
    CHECK(fcntl(p[0], F_GETPIPE_SZ) == 65536);
    CHECK(write(p[1], buffer, sizeof(buffer)) == 65536);
    CHECK_ERRNO(write(p[1], buffer, 1), EAGAIN);
    int count;
    CHECK(ioctl(p[0], FIONREAD, &count) == 0 && count == 65536);
    CHECK_ERRNO(fcntl(p[0], F_SETPIPE_SZ, 4096), EBUSY);
    CHECK(fcntl(p[0], F_SETPIPE_SZ, 100000) == 131072);
    CHECK(write(p[1], buffer, sizeof(buffer)) == 65536);
    CHECK(read(p[0], buffer, 131072) == 131072);
    CHECK(write(p[1], "tail", 4) == 4 && close(p[1]) == 0);
    CHECK(read(p[0], buffer, 10) == 4 && read(p[0], buffer, 10) == 0);
    close(p[0]);
    CHECK(pipe(p) == 0 && close(p[0]) == 0);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERRNO(write(p[1], "x", 1), EPIPE);
    signal(SIGPIPE, on_signal);
    CHECK_ERRNO(write(p[1], "x", 1), EPIPE);
    CHECK(caught == SIGPIPE);
    close(p[1]);
    CHECK_ERRNO(syscall(SYS_pipe2, BAD_POINTER, 0), EFAULT);
    CHECK_ERRNO(pipe2(p, 1), EINVAL);
    /* small writes are whole or not at all */
    CHECK(pipe2(p, O_NONBLOCK) == 0 && write(p[1], buffer, 65000) == 65000);
    CHECK_ERRNO(write(p[1], buffer, 4096), EAGAIN);
    struct iovec parts[2] = {{"ab", 2}, {"cd", 2}};
    CHECK(writev(p[1], parts, 2) == 4);
    close(p[0]), close(p[1]);
}

static void polls(void)
{
    int p[2];
    CHECK(pipe(p) == 0);
    struct pollfd f[4] = {{p[0], POLLIN, 9}, {p[1], POLLOUT, 9}, {-1, POLLIN, 9}, {99, POLLIN, 9}};
    CHECK(poll(f, 4, -1) == 2 && f[0].revents == 0 && f[1].revents == POLLOUT && f[2].revents == 0 &&
          f[3].revents == POLLNVAL);
    CHECK(write(p[1], "x", 1) == 1 && poll(f, 1, -1) == 1 && f[0].revents == POLLIN);
    f[0].events = POLLIN | POLLRDNORM;
    CHECK(poll(f, 1, 0) == 1 && f[0].revents == (POLLIN | POLLRDNORM));
    CHECK(read(p[0], buffer, 1) == 1 && poll(f, 1, 0) == 0);
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    CHECK(poll(f, 1, 30) == 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    CHECK(ms >= 29 && ms < 1000);
    CHECK(poll(NULL, 0, 5) == 0);
    CHECK_ERRNO(syscall(SYS_poll, BAD_POINTER, 1, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_poll, f, 1u << 30, 0), EINVAL);
    close(p[1]);
    CHECK(poll(f, 1, -1) == 1 && f[0].revents == POLLHUP);
    close(p[0]);
    CHECK(pipe(p) == 0 && close(p[0]) == 0);
    f[0] = (struct pollfd){p[1], POLLOUT, 0};
    CHECK(poll(f, 1, -1) == 1 && f[0].revents == (POLLOUT | POLLERR));
    close(p[1]);
    int fd = open("/etc/passwd", O_RDONLY);
    f[0] = (struct pollfd){fd, POLLIN | POLLOUT, 0};
    CHECK(poll(f, 1, -1) == 1 && f[0].revents == (POLLIN | POLLOUT));
    close(fd);
    /* a signal ends the wait; ppoll changes the mask for the wait */
    signal(SIGALRM, on_signal);
    struct itimerval timer = {.it_value.tv_usec = 20000};
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    CHECK_ERRNO(poll(NULL, 0, 5000), EINTR);
    CHECK(caught == SIGALRM);
    sigset_t blocked, old, now;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    CHECK(sigprocmask(SIG_BLOCK, &blocked, &old) == 0);
    caught = 0;
    raise(SIGALRM);
    CHECK(caught == 0);
    struct timespec long_time = {5, 0};
    CHECK_ERRNO(ppoll(NULL, 0, &long_time, &old), EINTR);
    CHECK(caught == SIGALRM && sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGALRM));
    struct timespec short_time = {0, 1000000};
    CHECK(ppoll(NULL, 0, &short_time, &old) == 0);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGALRM));
    struct timespec bad = {0, 1000000000};
    CHECK_ERRNO(ppoll(NULL, 0, &bad, NULL), EINVAL);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0);
}

static void selects(void)
{
    int p[2];
    CHECK(pipe(p) == 0);
    fd_set in, out, except;
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_ZERO(&except);
    FD_SET(p[0], &in), FD_SET(p[1], &out), FD_SET(p[0], &except);
    CHECK(select(p[1] + 1, &in, &out, &except, NULL) == 1 && FD_ISSET(p[1], &out) && !FD_ISSET(p[0], &in));
    CHECK(write(p[1], "x", 1) == 1);
    FD_SET(p[0], &in), FD_SET(p[1], &out);
    CHECK(select(p[1] + 1, &in, &out, NULL, NULL) == 2);
    CHECK(read(p[0], buffer, 1) == 1);
    struct timeval zero = {0, 0}, some = {0, 10000};
    CHECK(select(p[1] + 1, &in, NULL, NULL, &zero) == 0 && !FD_ISSET(p[0], &in));
    FD_SET(p[0], &in);
    CHECK(syscall(SYS_select, p[1] + 1, &in, NULL, NULL, &some) == 0 && some.tv_sec == 0 &&
          some.tv_usec == 0);
    CHECK_ERRNO(select(-1, NULL, NULL, NULL, &zero), EINVAL);
    FD_SET(50, &in);
    CHECK_ERRNO(select(51, &in, NULL, NULL, &zero), EBADF);
    some = (struct timeval){-1, 0};
    CHECK_ERRNO(select(0, NULL, NULL, NULL, &some), EINVAL);
    close(p[1]);
    FD_ZERO(&in);
    FD_SET(p[0], &in);
    CHECK(select(p[0] + 1, &in, NULL, NULL, NULL) == 1);
    struct timespec ten = {0, 10000000};
    CHECK(pselect(0, NULL, NULL, NULL, &ten, NULL) == 0);
    close(p[0]);
}

static void events(void)
{
    uint64_t value = 5;
    int fd = eventfd(3, EFD_NONBLOCK);
    CHECK(read(fd, &value, 8) == 8 && value == 3);
    CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
    CHECK_ERRNO(read(fd, &value, 7), EINVAL);
    value = UINT64_MAX;
    CHECK_ERRNO(write(fd, &value, 8), EINVAL);
    value = UINT64_MAX - 1;
    CHECK(write(fd, &value, 8) == 8);
    value = 1;
    CHECK_ERRNO(write(fd, &value, 8), EAGAIN);
    struct pollfd f = {fd, POLLIN | POLLOUT, 0};
    CHECK(poll(&f, 1, 0) == 1 && f.revents == POLLIN);
    CHECK(read(fd, buffer, 16) == 8 && memcpy(&value, buffer, 8) && value == UINT64_MAX - 1);
    CHECK(poll(&f, 1, 0) == 1 && f.revents == POLLOUT);
    close(fd);
    fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    CHECK(read(fd, &value, 8) == 8 && value == 1 && read(fd, &value, 8) == 8 && value == 1);
    CHECK_ERRNO(read(fd, &value, 8), EAGAIN);
    close(fd);
    CHECK_ERRNO(eventfd(0, 2), EINVAL);
}

static int wait_one(int ep, struct epoll_event *e)
{
    return epoll_wait(ep, e, 1, 0);
}

static void epolls(void)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = 0x1122334455667788}, got[8];
    int ep = epoll_create1(EPOLL_CLOEXEC), p[2];
    CHECK(ep >= 0 && pipe2(p, O_NONBLOCK) == 0);
    CHECK_ERRNO(syscall(SYS_epoll_create, 0), EINVAL);
    CHECK_ERRNO(epoll_create1(1), EINVAL);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, 99, &e), EBADF);
    CHECK_ERRNO(epoll_ctl(99, EPOLL_CTL_ADD, p[0], &e), EBADF);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e), EINVAL);
    CHECK_ERRNO(epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &e), EINVAL);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e), ENOENT);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], &e), ENOENT);
    CHECK_ERRNO(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_ADD, p[0], BAD_POINTER), EFAULT);
    CHECK_ERRNO(epoll_ctl(ep, 77, p[0], &e), EINVAL);
    int file = open("/etc/passwd", O_RDONLY);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, file, &e), EPERM);
    close(file);
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e) == 0);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e), EEXIST);
    CHECK_ERRNO(epoll_wait(ep, got, 0, 0), EINVAL);
    CHECK_ERRNO(epoll_wait(p[0], got, 1, 0), EINVAL);
    CHECK(wait_one(ep, got) == 0);
    CHECK(epoll_wait(ep, got, 8, 10) == 0);
    /* level: again and again */
    CHECK(write(p[1], "ab", 2) == 2);
    CHECK(wait_one(ep, got) == 1 && got[0].events == EPOLLIN && got[0].data.u64 == e.data.u64);
    CHECK(wait_one(ep, got) == 1 && read(p[0], buffer, 9) == 2 && wait_one(ep, got) == 0);
    /* edge: once per write */
    e.events = EPOLLIN | EPOLLET;
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e) == 0 && write(p[1], "a", 1) == 1);
    CHECK(wait_one(ep, got) == 1 && wait_one(ep, got) == 0);
    CHECK(write(p[1], "b", 1) == 1 && wait_one(ep, got) == 1 && wait_one(ep, got) == 0);
    /* once only, until armed again */
    e.events = EPOLLIN | EPOLLONESHOT;
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e) == 0 && wait_one(ep, got) == 1 && wait_one(ep, got) == 0);
    CHECK(write(p[1], "c", 1) == 1 && wait_one(ep, got) == 0);
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e) == 0 && wait_one(ep, got) == 1);
    /* nesting */
    int outer = epoll_create1(0);
    struct epoll_event nested = {.events = EPOLLIN, .data.fd = 7};
    CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &nested) == 0 && wait_one(outer, got) == 0);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, outer, &nested), ELOOP);
    e.events = EPOLLIN;
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &e) == 0 && wait_one(outer, got) == 1 && got[0].data.fd == 7);
    struct pollfd f = {outer, POLLIN, 0};
    CHECK(poll(&f, 1, 0) == 1);
    CHECK(read(p[0], buffer, 99) == 3 && wait_one(outer, got) == 0 && poll(&f, 1, 0) == 0);
    close(outer);
    /* several at once take turns */
    int q[2];
    CHECK(pipe(q) == 0 && write(q[1], "x", 1) == 1 && write(p[1], "x", 1) == 1);
    e.data.u64 = 2;
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, q[0], &e) == 0);
    CHECK(wait_one(ep, got) == 1 && wait_one(ep, got + 1) == 1 && got[0].data.u64 != got[1].data.u64);
    CHECK(epoll_wait(ep, got, 8, -1) == 2);
    /* hang-up needs no asking; a closed descriptor is forgotten */
    e = (struct epoll_event){.events = 0, .data.u64 = 3};
    CHECK(epoll_ctl(ep, EPOLL_CTL_MOD, q[0], &e) == 0 && close(q[1]) == 0);
    CHECK(epoll_wait(ep, got, 8, 0) == 2);
    CHECK(close(q[0]) == 0 && epoll_wait(ep, got, 8, 0) == 1);
    CHECK(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL) == 0 && epoll_wait(ep, got, 8, 0) == 0);
    close(p[0]), close(p[1]), close(ep);
}

int main(void)
{
    pipes();
    polls();
    selects();
    events();
    epolls();
    CHECK_DONE();
}
