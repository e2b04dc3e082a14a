/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals and threads: who takes a signal of the process, who is waiting for one, what ends all
 * threads, and what kill and its kin refuse. */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static int thread_id(void) { return (int)syscall(SYS_gettid); }

static void nap(int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    while (nanosleep(&t, &t) && errno == EINTR)
        ;
}

static volatile int taken_by, taken;

static void note(int signal)
{
    (void)signal;
    taken_by = thread_id();
    taken++;
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static void mask(int how, int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    CHECK(pthread_sigmask(how, &set, NULL) == 0);
}

static sigset_t only(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

/* A thread that sleeps with or without SIGUSR1 blocked until it is told to go. */
static struct helper {
    pthread_t thread;
    volatile int tid, blocks, leave;
} helpers[3];

static void *sleep_along(void *arg)
{
    struct helper *h = arg;
    mask(h->blocks ? SIG_BLOCK : SIG_UNBLOCK, SIGUSR1);
    h->tid = thread_id();
    while (!h->leave)
        poll(NULL, 0, 1);
    return NULL;
}

static void start(struct helper *h, int blocks)
{
    *h = (struct helper){.blocks = blocks};
    CHECK(pthread_create(&h->thread, NULL, sleep_along, h) == 0);
    while (!h->tid)
        nap(1);
}

static void finish(struct helper *h)
{
    h->leave = 1;
    pthread_join(h->thread, NULL);
}

static volatile int created;

/* Not while pthread_create has all signals blocked in its caller. */
static void *send_usr1(void *arg)
{
    mask(SIG_BLOCK, SIGUSR1);
    while (!created)
        nap(1);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    return arg;
}

static void send_from_elsewhere(void)
{
    pthread_t t;
    created = 0;
    CHECK(pthread_create(&t, NULL, send_usr1, NULL) == 0);
    created = 1;
    pthread_join(t, NULL);
}

static void wait_taken(int wanted)
{
    for (int i = 0; i < 5000 && taken < wanted; i++)
        nap(1);
    CHECK(taken == wanted);
}

static void test_choice(void)
{
    handle(SIGUSR1, note);
    for (int i = 0; i < 3; i++)
        start(&helpers[i], i != 1);
    taken = 0;
    /* The first thread, when it does not block the signal. */
    send_from_elsewhere();
    wait_taken(1);
    CHECK(taken_by == getpid());
    /* Else the one that does not. */
    mask(SIG_BLOCK, SIGUSR1);
    send_from_elsewhere();
    wait_taken(2);
    CHECK(taken_by == helpers[1].tid);
    /* Directed at a thread that blocks it: it waits there, whoever else would take it. */
    CHECK(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1) == 0);
    nap(5);
    CHECK(taken == 2);
    mask(SIG_UNBLOCK, SIGUSR1);
    CHECK(taken == 3 && taken_by == getpid());
    CHECK(syscall(SYS_tkill, helpers[1].tid, SIGUSR1) == 0);
    wait_taken(4);
    CHECK(taken_by == helpers[1].tid);
    /* Blocked by all: kept for whoever lets it in. */
    finish(&helpers[1]);
    mask(SIG_BLOCK, SIGUSR1);
    send_from_elsewhere();
    nap(5);
    CHECK(taken == 4);
    start(&helpers[1], 0);
    wait_taken(5);
    CHECK(taken_by == helpers[1].tid);
    for (int i = 0; i < 3; i++)
        finish(&helpers[i]);
    mask(SIG_UNBLOCK, SIGUSR1);
}

static volatile int got[4], ready;

static void *wait_for_one(void *arg)
{
    sigset_t set = only(SIGRTMIN + 1);
    siginfo_t info;
    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    int signal;
    do /* Linux sometimes wakes one waiter too many */
        signal = sigwaitinfo(&set, &info);
    while (signal < 0 && errno == EINTR);
    CHECK(signal == SIGRTMIN + 1);
    __atomic_add_fetch(&got[info.si_value.sival_int], 1, __ATOMIC_SEQ_CST);
    return arg;
}

/* Each of several waiters gets one of several signals, and none gets two. */
static void test_waiters(void)
{
    pthread_t t[4];
    mask(SIG_BLOCK, SIGRTMIN + 1);
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&t[i], NULL, wait_for_one, NULL) == 0);
    while (ready < 4)
        nap(1);
    nap(5);
    for (int i = 0; i < 4; i++)
        CHECK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i}) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    for (int i = 0; i < 4; i++)
        CHECK(got[i] == 1);
    mask(SIG_UNBLOCK, SIGRTMIN + 1);
}

static void *kill_later(void *arg)
{
    nap(20);
    CHECK(kill(getpid(), *(int *)arg) == 0);
    return NULL;
}

/* A waiter gets what would kill the process, and what it would ignore. */
static void test_awaited(void)
{
    static int signals[] = {SIGTERM, SIGCHLD, SIGURG, SIGUSR2};
    for (int i = 0; i < 4; i++) {
        int got_signal = 0;
        sigset_t set = only(signals[i]);
        pthread_t t;
        handle(signals[i], SIG_DFL);
        mask(SIG_BLOCK, signals[i]);
        CHECK(pthread_create(&t, NULL, kill_later, &signals[i]) == 0);
        CHECK(sigwait(&set, &got_signal) == 0 && got_signal == signals[i]);
        pthread_join(t, NULL);
        mask(SIG_UNBLOCK, signals[i]);
    }
    struct timespec soon = {0, 3000000};
    sigset_t set = only(SIGUSR2);
    CHECK_ERRNO(sigtimedwait(&set, NULL, &soon), EAGAIN);
}

static void *spin(void *arg)
{
    for (;;)
        __asm__ volatile("" ::: "memory");
    return arg;
}

static void *sleep_long(void *arg)
{
    for (;;)
        sleep(1000);
    return arg;
}

static void *read_long(void *arg)
{
    int ends[2];
    char c;
    return pipe(ends) == 0 && read(ends[0], &c, 1) ? arg : NULL;
}

/* All threads end with the first, wherever they are, and whoever takes the signal. */
static void test_end_of_all(int signal, int main_blocks)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        pthread_t t;
        if (main_blocks)
            mask(SIG_BLOCK, signal);
        void *(*const jobs[])(void *) = {spin, sleep_long, read_long};
        for (int i = 0; i < 3; i++)
            pthread_create(&t, NULL, jobs[i], NULL);
        if (main_blocks) { /* one thread lets it in */
            mask(SIG_UNBLOCK, signal);
            pthread_create(&t, NULL, sleep_long, NULL);
            mask(SIG_BLOCK, signal);
        }
        nap(5);
        if (signal == SIGABRT)
            abort();
        kill(getpid(), signal);
        for (;;)
            pause();
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal && !WCOREDUMP(status));
}

static void test_numbers(void)
{
    union sigval value = {.sival_int = 1};
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_USER};
    int pid = getpid(), nobody = 0x3ffffff;
    CHECK_ERRNO(kill(nobody, 0), ESRCH);
    CHECK_ERRNO(kill(nobody, 99), ESRCH);
    CHECK_ERRNO(kill(pid, 65), EINVAL);
    CHECK_ERRNO(kill(pid, -1), EINVAL);
    CHECK_ERRNO(kill(-nobody, 0), ESRCH);
    CHECK_ERRNO(kill((int)0x80000000, 0), ESRCH);
    CHECK(kill(pid, 0) == 0 && kill(0, 0) == 0);
    CHECK(getpgrp() == 1 || kill(-getpgrp(), 0) == 0); /* -1 means everybody */
    CHECK_ERRNO(syscall(SYS_tkill, 0, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_tkill, nobody, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_tkill, pid, 65), EINVAL);
    CHECK_ERRNO(syscall(SYS_tgkill, 0, pid, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_tgkill, pid, 0, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_tgkill, nobody, pid, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_tgkill, pid, nobody, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_tgkill, pid, pid, 65), EINVAL);
    CHECK(syscall(SYS_tgkill, pid, pid, 0) == 0 && syscall(SYS_tkill, pid, 0) == 0);
    CHECK_ERRNO(sigqueue(nobody, 0, value), ESRCH);
    CHECK_ERRNO(sigqueue(pid, 65, value), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGUSR1, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, 0, pid, SIGUSR1, &info), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, nobody, pid, SIGUSR1, &info), ESRCH);
    info.si_code = SI_QUEUE;
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, pid, nobody, SIGUSR1, &info), ESRCH);
    /* Only to itself may a thread say that the kernel, or tkill, had sent it. */
    start(&helpers[0], 1);
    info.si_code = SI_USER;
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, pid, helpers[0].tid, SIGUSR1, &info), EPERM);
    info.si_code = SI_TKILL;
    CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getppid(), 0, &info), EPERM);
    /* A thread's number stands for its process with kill. */
    CHECK(kill(helpers[0].tid, 0) == 0);
    finish(&helpers[0]);
}

static void test_queue_limit(void)
{
    struct rlimit limit, tight;
    siginfo_t info;
    int queued = 0;
    sigset_t set = only(SIGRTMIN + 2);
    mask(SIG_BLOCK, SIGRTMIN + 2);
    CHECK(getrlimit(RLIMIT_SIGPENDING, &limit) == 0);
    tight = (struct rlimit){10, limit.rlim_max};
    CHECK(setrlimit(RLIMIT_SIGPENDING, &tight) == 0);
    union sigval value = {0};
    while (queued < 20 && sigqueue(getpid(), SIGRTMIN + 2, value) == 0)
        value.sival_int = ++queued;
    CHECK(queued < 20 && errno == EAGAIN && queued <= 10);
    /* kill is not refused: the signal is pending, though nothing more is known of it. */
    CHECK(kill(getpid(), SIGRTMIN + 2) == 0);
    CHECK(setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
    struct timespec none = {0, 0};
    for (int i = 0; i < queued; i++)
        CHECK(sigtimedwait(&set, &info, &none) > 0 && info.si_value.sival_int == i);
    while (sigtimedwait(&set, &info, &none) > 0) /* kill's, where the user had room by then */
        ;
    mask(SIG_UNBLOCK, SIGRTMIN + 2);
}

/* Another user's processes: nothing but SIGCONT in one's own session. */
static void test_permission(void)
{
    if (geteuid())
        return;
    pid_t pid = fork();
    if (pid == 0) {
        pid_t parent = getppid();
        check_failures = 0;
        if (setgid(1000) || setuid(1000))
            _exit(99);
        CHECK_ERRNO(kill(parent, 0), EPERM);
        CHECK_ERRNO(kill(parent, SIGTERM), EPERM);
        CHECK_ERRNO(kill(parent, 65), EINVAL);
        CHECK_ERRNO(syscall(SYS_tkill, parent, SIGTERM), EPERM);
        CHECK_ERRNO(syscall(SYS_tgkill, parent, parent, 0), EPERM);
        CHECK_ERRNO(sigqueue(parent, SIGTERM, (union sigval){0}), EPERM);
        siginfo_t info = {.si_code = SI_QUEUE};
        CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, parent, parent, SIGTERM, &info), EPERM);
        CHECK(kill(parent, SIGCONT) == 0);
        CHECK(kill(0, 0) == 0); /* itself is in the group */
        _exit(check_failures);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void test_groups(void)
{
    pid_t children[3];
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (!children[i]) {
            for (;;)
                pause();
        }
        CHECK(setpgid(children[i], children[0]) == 0);
    }
    CHECK(kill(-children[0], SIGTERM) == 0);
    for (int i = 0; i < 3; i++) {
        int status;
        CHECK(waitpid(children[i], &status, 0) == children[i] && WTERMSIG(status) == SIGTERM);
    }
    CHECK_ERRNO(kill(-children[0], 0), ESRCH);
    pid_t pid = fork();
    if (!pid)
        _exit(0);
    siginfo_t info;
    CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
    CHECK(kill(pid, SIGTERM) == 0); /* a zombie can be sent anything */
    CHECK(waitpid(pid, NULL, 0) == pid);
    CHECK_ERRNO(kill(pid, 0), ESRCH);
}

int main(void)
{
    setpgid(0, 0);
    test_choice();
    test_waiters();
    test_awaited();
    const int fatal[] = {SIGTERM, SIGKILL, SIGABRT, SIGRTMIN, SIGSEGV};
    for (int i = 0; i < 5; i++)
        test_end_of_all(fatal[i], 0);
    test_end_of_all(SIGTERM, 1);
    test_end_of_all(SIGQUIT, 1);
    test_numbers();
    test_queue_limit();
    test_permission();
    test_groups();
    CHECK_DONE();
}
