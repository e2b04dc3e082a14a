/* SPDX-License-Identifier: BSD-3-Clause */
/* Masks that a call puts in place for as long as it waits: ppoll, pselect, epoll_pwait, sigsuspend.
 * The handler sees the call's mask, afterwards the old one is back, whoever ended the wait. */
#include "check.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

static volatile int count, usr2_blocked_inside, usr1_saved;

static void handler(int signal, siginfo_t *info, void *context)
{
    sigset_t now;
    ucontext_t *u = context;
    (void)signal, (void)info;
    count++;
    sigprocmask(SIG_SETMASK, NULL, &now);
    usr2_blocked_inside = sigismember(&now, SIGUSR2);
    usr1_saved = sigismember(&u->uc_sigmask, SIGUSR1);
}

static sigset_t set_of(int first, int second)
{
    sigset_t set;
    sigemptyset(&set);
    if (first)
        sigaddset(&set, first);
    if (second)
        sigaddset(&set, second);
    return set;
}

static int blocked(int signal)
{
    sigset_t now;
    sigprocmask(SIG_SETMASK, NULL, &now);
    return sigismember(&now, signal);
}

static struct pollfd quiet, ready;
static struct timespec nothing, little = {.tv_nsec = 5000000}, much = {.tv_sec = 10};
static int epoll_quiet, epoll_ready;

/* One waiting call by number, under a mask; fds: 0 nothing to find, 1 something. */
static int wait_by(int call, int found, const struct timespec *limit, const sigset_t *mask)
{
    struct pollfd p = found ? ready : quiet;
    struct epoll_event event;
    fd_set readers;
    int ms = limit ? (int)(limit->tv_sec * 1000 + limit->tv_nsec / 1000000) : -1;
    FD_ZERO(&readers);
    FD_SET(p.fd, &readers);
    switch (call) {
    case 0:
        return ppoll(&p, 1, limit, mask);
    case 1:
        return pselect(p.fd + 1, &readers, NULL, NULL, limit, mask);
    default:
        return epoll_pwait(found ? epoll_ready : epoll_quiet, &event, 1, ms, mask);
    }
}

static void test_call(int call)
{
    sigset_t usr1 = set_of(SIGUSR1, 0), usr2 = set_of(SIGUSR2, 0), none = set_of(0, 0);
    CHECK(sigprocmask(SIG_SETMASK, &usr1, NULL) == 0);
    count = 0;
    /* Pending before the call, let through by the call's mask: handler, then EINTR. */
    raise(SIGUSR1);
    CHECK(count == 0);
    CHECK_ERRNO(wait_by(call, 0, &much, &usr2), EINTR);
    CHECK(count == 1 && usr2_blocked_inside && usr1_saved);
    CHECK(blocked(SIGUSR1) && !blocked(SIGUSR2));
    /* Something is ready at once: the call succeeds and the signal stays pending. */
    raise(SIGUSR1);
    CHECK(wait_by(call, 1, &much, &usr2) == 1);
    CHECK(count == 1 && blocked(SIGUSR1) && !blocked(SIGUSR2));
    /* No time to wait, but a signal: ppoll says EINTR only when it would have waited. */
    CHECK(wait_by(call, 1, &nothing, &none) == 1);
    CHECK(count == 1);
    CHECK_ERRNO(wait_by(call, 0, NULL, &none), EINTR);
    CHECK(count == 2 && !usr2_blocked_inside);
    /* A time-out puts the old mask back. */
    CHECK(wait_by(call, 0, &little, &usr2) == 0);
    CHECK(blocked(SIGUSR1) && !blocked(SIGUSR2));
    /* The signal came during a time-out's call but is blocked by its mask, not outside. */
    CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
    count = 0;
    CHECK(wait_by(call, 0, &little, &usr1) == 0 && count == 0);
    CHECK(!blocked(SIGUSR1));
}

static void test_suspend(void)
{
    sigset_t both = set_of(SIGUSR1, SIGUSR2), usr2 = set_of(SIGUSR2, 0), none = set_of(0, 0);
    CHECK(sigprocmask(SIG_SETMASK, &both, NULL) == 0);
    count = 0;
    raise(SIGUSR1);
    CHECK_ERRNO(sigsuspend(&usr2), EINTR);
    CHECK(count == 1 && usr2_blocked_inside && usr1_saved && blocked(SIGUSR1) && blocked(SIGUSR2));
    /* Two that are let through at once: both handlers run before the call returns. */
    raise(SIGUSR1);
    raise(SIGUSR2);
    CHECK_ERRNO(sigsuspend(&none), EINTR);
    CHECK(count == 3 && blocked(SIGUSR1) && blocked(SIGUSR2));
    CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
}

static void test_errors(void)
{
    struct pollfd p = quiet;
    struct timespec bad = {.tv_nsec = 1000000000}, negative = {.tv_sec = -1};
    sigset_t none = set_of(0, 0);
    struct {
        const void *set;
        unsigned long size;
    } argument = {&none, 4};
    CHECK_ERRNO(syscall(SYS_ppoll, &p, 1, &bad, NULL, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_ppoll, &p, 1, &negative, NULL, 8), EINVAL);
    CHECK_ERRNO(syscall(SYS_ppoll, &p, 1, &nothing, &none, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_ppoll, &p, 1, &nothing, BAD_POINTER, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_ppoll, &p, 1, BAD_POINTER, NULL, 8), EFAULT);
    CHECK(syscall(SYS_ppoll, &p, 1, &nothing, NULL, 4) == 0);
    CHECK_ERRNO(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &nothing, &argument), EINVAL);
    CHECK_ERRNO(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &bad, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &nothing, BAD_POINTER), EFAULT);
    struct timeval carried = {0, 1010000}, before = {0, -1}; /* microseconds carry over */
    CHECK(syscall(SYS_select, 0, NULL, NULL, NULL, &carried) == 0 && carried.tv_usec == 0);
    CHECK_ERRNO(syscall(SYS_select, 0, NULL, NULL, NULL, &before), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigsuspend, &none, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigsuspend, BAD_POINTER, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_sigpending, &none, 16), EINVAL);
    CHECK(syscall(SYS_rt_sigpending, &none, 4) == 0);
    CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, BAD_POINTER, 8), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 4), EINVAL);
    CHECK(syscall(SYS_rt_sigprocmask, 77, NULL, &none, 8) == 0);
}

/* KILL and STOP cannot be blocked; a mask shows what was asked for without them. */
static void test_unblockable(void)
{
    sigset_t all, now;
    unsigned long raw = ~0ul, got = 0;
    sigfillset(&all);
    CHECK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &raw, NULL, 8) == 0);
    CHECK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &got, 8) == 0);
    CHECK(got == (~0ul & ~(1ul << (SIGKILL - 1)) & ~(1ul << (SIGSTOP - 1))));
    raw = 0;
    CHECK(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &raw, NULL, 8) == 0);
    CHECK(sigprocmask(SIG_SETMASK, NULL, &now) == 0 && !sigismember(&now, SIGUSR1));
}

int main(void)
{
    int ends[2], full[2];
    struct epoll_event event = {.events = EPOLLIN};
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    action.sa_sigaction = handler;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, NULL) == 0);
    CHECK(pipe(ends) == 0 && pipe(full) == 0 && write(full[1], "x", 1) == 1);
    quiet = (struct pollfd){.fd = ends[0], .events = POLLIN};
    ready = (struct pollfd){.fd = full[0], .events = POLLIN};
    epoll_quiet = epoll_create1(0);
    epoll_ready = epoll_create1(0);
    CHECK(epoll_ctl(epoll_quiet, EPOLL_CTL_ADD, ends[0], &event) == 0);
    CHECK(epoll_ctl(epoll_ready, EPOLL_CTL_ADD, full[0], &event) == 0);
    for (int call = 0; call < 3; call++)
        test_call(call);
    test_suspend();
    test_errors();
    test_unblockable();
    CHECK_DONE();
}
