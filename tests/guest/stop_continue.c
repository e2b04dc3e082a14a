/* SPDX-License-Identifier: BSD-3-Clause */
/* Stop and continue: all threads of a child stop, the parent hears of it by SIGCHLD and wait, what
 * stop and continue do to each other while pending, orphaned groups, and which sleeps go on. */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define THREADS 3

static struct shared {
    volatile unsigned long counters[THREADS];
    volatile int ready, handled, result[16];
} *shared;

static volatile int chld_count;
static siginfo_t chld;

static void on_chld(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    chld_count++;
    chld = *info;
}

static void on_signal(int signal) { shared->handled = signal; }

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static void handle_chld(int flags)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART | flags};
    action.sa_sigaction = on_chld;
    CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
    chld_count = 0;
}

static void nap(int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    while (nanosleep(&t, &t) && errno == EINTR)
        ;
}

/* SIGCHLD may come a moment after wait has told. */
static void wait_chld(int wanted, int code, int status)
{
    for (int i = 0; i < 3000 && chld_count < wanted; i++)
        nap(1);
    CHECK(chld_count == wanted && chld.si_code == code && chld.si_status == status);
}

static void mask(int how, int a, int b)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, a);
    if (b)
        sigaddset(&set, b);
    CHECK(sigprocmask(how, &set, NULL) == 0);
}

static pid_t spawn(void (*child)(void))
{
    memset(shared, 0, sizeof(*shared));
    pid_t pid = fork();
    if (!pid) {
        child();
        _exit(check_failures);
    }
    while (!shared->ready)
        nap(1);
    return pid;
}

static int wait_for(pid_t pid, int options)
{
    int status = -1;
    CHECK(waitpid(pid, &status, options) == pid);
    return status;
}

static void stop(pid_t pid, int signal)
{
    CHECK(kill(pid, signal) == 0);
    int status = wait_for(pid, WUNTRACED);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == signal);
}

static void go_on(pid_t pid)
{
    CHECK(kill(pid, SIGCONT) == 0);
    CHECK(WIFCONTINUED(wait_for(pid, WCONTINUED)));
}

static void end(pid_t pid)
{
    CHECK(kill(pid, SIGKILL) == 0);
    int status = wait_for(pid, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void *count(void *arg)
{
    for (;;)
        shared->counters[(long)arg]++;
    return NULL;
}

static void count_in_threads(void)
{
    pthread_t t;
    for (long i = 1; i < THREADS; i++)
        pthread_create(&t, NULL, count, (void *)i);
    shared->ready = 1;
    count(0);
}

static unsigned long total(void)
{
    unsigned long sum = 0;
    for (int i = 0; i < THREADS; i++)
        sum += shared->counters[i];
    return sum;
}

static void test_threads_stop(int signal)
{
    handle_chld(0);
    pid_t pid = spawn(count_in_threads);
    for (int i = 0; i < THREADS; i++)
        while (!shared->counters[i])
            nap(1);
    stop(pid, signal);
    wait_chld(1, CLD_STOPPED, signal);
    CHECK(chld.si_pid == pid && chld.si_uid == getuid());
    unsigned long before = total();
    nap(30);
    CHECK(total() == before);
    int status;
    CHECK(waitpid(pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == 0); /* told once */
    go_on(pid);
    wait_chld(2, CLD_CONTINUED, SIGCONT);
    while (total() == before)
        nap(1);
    end(pid);
    wait_chld(3, CLD_KILLED, SIGKILL);
}

static void test_waitid(void)
{
    siginfo_t info;
    handle_chld(SA_NOCLDSTOP);
    pid_t pid = spawn(count_in_threads);
    CHECK(kill(pid, SIGSTOP) == 0);
    for (int i = 0; i < 2; i++) {
        memset(&info, 0, sizeof(info));
        CHECK(waitid(P_PID, pid, &info, WSTOPPED | (i ? 0 : WNOWAIT)) == 0);
        CHECK(info.si_pid == pid && info.si_code == CLD_STOPPED && info.si_status == SIGSTOP);
        CHECK(info.si_signo == SIGCHLD);
    }
    info.si_pid = 77;
    CHECK(waitid(P_PID, pid, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == 0);
    CHECK(kill(pid, SIGCONT) == 0);
    CHECK(waitid(P_PID, pid, &info, WCONTINUED) == 0);
    CHECK(info.si_code == CLD_CONTINUED && info.si_status == SIGCONT);
    CHECK(chld_count == 0); /* SA_NOCLDSTOP */
    stop(pid, SIGSTOP);
    end(pid); /* also while it is stopped */
    wait_chld(1, CLD_KILLED, SIGKILL);
}

static void ignore_cont(void)
{
    handle(SIGCONT, SIG_IGN);
    mask(SIG_BLOCK, SIGCONT, 0);
    shared->ready = 1;
    count(0);
}

static void catch_cont(void)
{
    handle(SIGCONT, on_signal);
    shared->ready = 1;
    count(0);
}

static void test_continue(void)
{
    handle_chld(0);
    pid_t pid = spawn(ignore_cont);
    stop(pid, SIGSTOP);
    go_on(pid);
    end(pid);
    pid = spawn(catch_cont);
    stop(pid, SIGTSTP);
    CHECK(shared->handled == 0);
    go_on(pid);
    while (shared->handled != SIGCONT)
        nap(1);
    end(pid);
}

static int is_pending(int signal)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signal);
}

/* Each takes the other away while it is pending. */
static void test_pending(void)
{
    mask(SIG_BLOCK, SIGTSTP, SIGCONT);
    handle(SIGTSTP, on_signal);
    handle(SIGCONT, on_signal);
    raise(SIGTSTP);
    CHECK(is_pending(SIGTSTP));
    raise(SIGCONT);
    CHECK(!is_pending(SIGTSTP) && is_pending(SIGCONT));
    kill(getpid(), SIGTSTP);
    CHECK(is_pending(SIGTSTP) && !is_pending(SIGCONT));
    shared->handled = 0;
    mask(SIG_UNBLOCK, SIGTSTP, SIGCONT);
    CHECK(shared->handled == SIGTSTP); /* caught: no stop */
    handle(SIGTSTP, SIG_IGN);
    CHECK(raise(SIGTSTP) == 0);
    handle(SIGTSTP, SIG_DFL);
    handle(SIGCONT, SIG_DFL);
}

static void leave_session(void)
{
    setsid();
    shared->ready = 1;
    count(0);
}

/* Nobody could continue a stopped member of an orphaned group. */
static void test_orphaned(void)
{
    int status;
    pid_t pid = spawn(leave_session);
    CHECK(kill(pid, SIGTSTP) == 0 && kill(pid, SIGTTIN) == 0 && kill(pid, SIGTTOU) == 0);
    unsigned long before = shared->counters[0];
    while (shared->counters[0] == before)
        nap(1);
    CHECK(waitpid(pid, &status, WNOHANG | WUNTRACED) == 0);
    stop(pid, SIGSTOP);
    go_on(pid);
    end(pid);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* signal(7): calls that fail with EINTR after a stop, without any handler, and those that go on. */
static void sleep_in_calls(void)
{
    struct epoll_event event;
    struct timespec second = {1, 0}, half = {0, 500000000}, rest = {0, 0};
    struct pollfd none = {.fd = -1};
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    int ep = epoll_create1(0);
    shared->ready = 1;
    shared->result[0] = epoll_wait(ep, &event, 1, 1000) == -1 && errno == EINTR;
    shared->ready = 2;
    shared->result[1] = syscall(SYS_rt_sigtimedwait, &usr1, NULL, &second, 8) == -1 && errno == EINTR;
    int64_t start = now_ms();
    shared->ready = 3;
    shared->result[2] = nanosleep(&half, &rest) == 0 && now_ms() - start >= 500;
    start = now_ms();
    shared->ready = 4;
    shared->result[3] = poll(&none, 1, 500) == 0 && now_ms() - start >= 500;
    start = now_ms();
    shared->ready = 5;
    shared->result[4] = ppoll(&none, 1, &half, NULL) == 0 && now_ms() - start >= 500;
    shared->ready = 6;
    char c;
    int ends[2];
    if (pipe(ends) || fork() == 0) {
        nap(700);
        _exit(write(ends[1], "x", 1) != 1);
    }
    shared->result[5] = read(ends[0], &c, 1) == 1;
    _exit(0);
}

static void test_sleeps(void)
{
    pid_t pid = spawn(sleep_in_calls);
    for (int step = 1; step <= 6; step++) {
        while (shared->ready < step)
            nap(1);
        nap(60);
        stop(pid, SIGSTOP);
        nap(20);
        go_on(pid);
    }
    CHECK(wait_for(pid, 0) == 0);
    for (int i = 0; i < 6; i++)
        if (!shared->result[i])
            printf("sleep %d went on wrongly\n", i), check_failures++;
}

static int all_tests(void)
{
    test_threads_stop(SIGSTOP);
    test_threads_stop(SIGTSTP);
    test_threads_stop(SIGTTIN);
    test_threads_stop(SIGTTOU);
    test_waitid();
    test_continue();
    test_pending();
    test_orphaned();
    test_sleeps();
    CHECK_DONE();
}

/* A parent in another group of the session keeps the child's group from being orphaned, even where
 * this program leads a session. */
int main(void)
{
    int status;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    if (!pid) {
        setpgid(0, 0);
        exit(all_tests());
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_DONE();
}
