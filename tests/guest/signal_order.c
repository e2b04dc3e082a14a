/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of several signals comes first, and what travels with it. See signal(7), sigqueue(3). */
#include "check.h"

#include <signal.h>
#include <time.h>

static int order[16], values[16], codes[16], senders[16];
static volatile int count;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)context;
    if (count == 16)
        return;
    order[count] = signal;
    values[count] = info->si_value.sival_int;
    codes[count] = info->si_code;
    senders[count] = info->si_pid;
    count++;
}

static void catch(int signal, int flags)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | flags};
    action.sa_sigaction = note;
    sigfillset(&action.sa_mask);
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static void queue(int signal, int value)
{
    union sigval v = {.sival_int = value};
    CHECK(sigqueue(getpid(), signal, v) == 0);
}

static sigset_t all;

static void hold(void)
{
    count = 0;
    sigprocmask(SIG_BLOCK, &all, NULL);
}

static void let_go(void) { sigprocmask(SIG_UNBLOCK, &all, NULL); }

/* Signals are made pending in any order. Linux pushes a frame for the lowest first, so with all
 * blocked in handlers the lowest runs first. */
static void test_lowest_first(void)
{
    hold();
    queue(SIGRTMIN + 3, 30);
    queue(SIGRTMIN + 1, 10);
    queue(SIGRTMIN + 1, 11);
    queue(SIGRTMIN + 3, 31);
    kill(getpid(), SIGUSR2);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    let_go();
    CHECK(count == 6);
    CHECK(order[0] == SIGUSR1 && order[1] == SIGUSR2 && codes[0] == SI_USER);
    CHECK(senders[0] == getpid());
    CHECK(order[2] == SIGRTMIN + 1 && values[2] == 10 && values[3] == 11 && codes[2] == SI_QUEUE);
    CHECK(order[4] == SIGRTMIN + 3 && values[4] == 30 && values[5] == 31);
}

/* A thread's own come before the process's. */
static void test_own_first(void)
{
    hold();
    kill(getpid(), SIGUSR1);
    syscall(SYS_tgkill, getpid(), getpid(), SIGUSR2);
    let_go();
    CHECK(count == 2 && order[0] == SIGUSR2 && codes[0] == SI_TKILL && order[1] == SIGUSR1);
}

/* A standard signal keeps the siginfo of the first sender; the others are lost. */
static void test_standard_once(void)
{
    hold();
    queue(SIGUSR1, 5);
    queue(SIGUSR1, 6);
    kill(getpid(), SIGUSR1);
    let_go();
    CHECK(count == 1 && values[0] == 5 && codes[0] == SI_QUEUE);
}

static void test_taken(void)
{
    siginfo_t info = {0};
    struct timespec none = {0};
    hold();
    queue(SIGRTMIN + 2, 7);
    queue(SIGRTMIN + 2, 8);
    kill(getpid(), SIGUSR2);
    CHECK(sigtimedwait(&all, &info, &none) == SIGUSR2 && info.si_code == SI_USER);
    CHECK(sigtimedwait(&all, &info, &none) == SIGRTMIN + 2 && info.si_value.sival_int == 7);
    CHECK(sigtimedwait(&all, NULL, &none) == SIGRTMIN + 2);
    CHECK_ERRNO(sigtimedwait(&all, &info, &none), EAGAIN);
    let_go();
    CHECK(count == 0);
}

/* Ignoring forgets what is pending; so does the default action when that is to ignore. */
static void test_forgotten(void)
{
    hold();
    kill(getpid(), SIGUSR1);
    queue(SIGRTMIN + 1, 1);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGRTMIN + 1, SIG_IGN);
    catch(SIGUSR1, 0);
    catch(SIGRTMIN + 1, 0);
    kill(getpid(), SIGCHLD);
    signal(SIGCHLD, SIG_DFL);
    let_go();
    CHECK(count == 0);
}

static void test_numbers(void)
{
    union sigval v = {.sival_int = 1};
    siginfo_t info = {.si_code = SI_USER};
    CHECK(SIGRTMIN >= 34 && SIGRTMAX == 64);
    CHECK_ERRNO(sigqueue(getpid(), 65, v), EINVAL);
    CHECK(sigqueue(getpid(), 0, v) == 0 && kill(getpid(), 0) == 0 && raise(0) == 0);
    CHECK_ERRNO(kill(getpid(), -1), EINVAL);
    CHECK_ERRNO(sigqueue(999999, SIGUSR1, v), ESRCH);
    /* One may pretend to be the kernel to oneself only. */
    CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info) == 0);
    CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, 999999, SIGUSR1, &info), EPERM);
    CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, getpid(), 0, SIGUSR1, &info), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, getpid(), 999999, SIGUSR1, &info), EPERM);
    info.si_code = SI_QUEUE;
    CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, 999999, SIGUSR1, &info), ESRCH);
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, getpid(), 999999, SIGUSR1, &info), ESRCH);
    CHECK_ERRNO(syscall(SYS_tkill, 0, SIGUSR1), EINVAL);
    CHECK_ERRNO(syscall(SYS_tkill, 999999, SIGUSR1), ESRCH);
}

int main(void)
{
    sigemptyset(&all);
    sigaddset(&all, SIGUSR1);
    sigaddset(&all, SIGUSR2);
    sigaddset(&all, SIGCHLD);
    for (int i = 1; i <= 3; i++) {
        sigaddset(&all, SIGRTMIN + i);
        catch(SIGRTMIN + i, 0);
    }
    catch(SIGUSR1, 0);
    catch(SIGUSR2, 0);
    test_lowest_first();
    test_own_first();
    test_standard_once();
    test_taken();
    test_forgotten();
    test_numbers();
    CHECK_DONE();
}
