/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: cases=check:0 */
/* What of timers, signals and CPU limits comes through fork and execve; CPU time of several
 * threads. See timer_create(2), setitimer(2), execve(2), fork(2), getrlimit(2). */
#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

static volatile sig_atomic_t heard;

static void hear(int number)
{
    heard = heard + 1;
    (void)number;
}

static int64_t left_us(int which)
{
    struct itimerval t;
    CHECK(getitimer(which, &t) == 0);
    return t.it_value.tv_sec * 1000000ll + t.it_value.tv_usec;
}

static int make_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec far = {{0, 0}, {1000, 0}};
    int id = -1;

    CHECK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) == 0);
    CHECK(syscall(SYS_timer_settime, id, 0, &far, NULL) == 0);
    return id;
}

static int wait_for(pid_t child)
{
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

static void set_all(int *id)
{
    struct itimerval far = {{0, 0}, {1000, 0}};
    sigset_t set;

    *id = make_timer();
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
        CHECK(setitimer(which, &far, NULL) == 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && kill(getpid(), SIGUSR2) == 0);
    signal(SIGUSR1, hear);
    signal(SIGWINCH, SIG_IGN);
}

/* A child has none of its parent's timers, and no pending signals, but mask and actions. */
static void forked(void)
{
    struct itimerspec rest;
    sigset_t set;
    int id;

    set_all(&id);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        check_failures = 0;
        CHECK_ERRNO(syscall(SYS_timer_gettime, id, &rest), EINVAL);
        for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
            CHECK(left_us(which) == 0);
        CHECK(sigpending(&set) == 0 && !sigismember(&set, SIGUSR2));
        CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGUSR2));
        CHECK(raise(SIGUSR1) == 0 && heard == 1);
        fflush(stdout);
        _exit(check_failures != 0);
    }
    CHECK(wait_for(child) == 0);
    CHECK(syscall(SYS_timer_gettime, id, &rest) == 0 && rest.it_value.tv_sec > 900);
    CHECK(left_us(ITIMER_REAL) > 900000000);
}

/* A new program keeps interval timers, what is pending and blocked, and what was ignored. */
static int executed(const char *numbers)
{
    struct itimerspec rest;
    struct sigaction action;
    sigset_t set;
    int id, fd;

    if (sscanf(numbers, "%d,%d", &id, &fd) != 2)
        return 2;
    CHECK_ERRNO(syscall(SYS_timer_gettime, id, &rest), EINVAL);
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
        CHECK(left_us(which) > 900000000);
    CHECK(sigpending(&set) == 0 && sigismember(&set, SIGUSR2));
    CHECK(sigprocmask(SIG_BLOCK, NULL, &set) == 0 && sigismember(&set, SIGUSR2));
    CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(sigaction(SIGWINCH, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    CHECK(syscall(SYS_timerfd_gettime, fd, &rest) == 0 && rest.it_value.tv_sec > 900);
    CHECK(getppid() != 0);
    fflush(stdout);
    return check_failures != 0;
}

static void *exec_it(void *argument)
{
    char *arguments[] = {"again", argument, NULL};

    execv("/proc/self/exe", arguments);
    _exit(9);
}

/* By a thread that is not the first, which makes no difference. */
static void execute(int in_thread)
{
    struct itimerspec far = {{0, 0}, {1000, 0}};
    char numbers[32];
    pthread_t thread;
    int id;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        set_all(&id);
        int fd = timerfd_create(CLOCK_MONOTONIC, 0);
        timerfd_settime(fd, 0, &far, NULL);
        snprintf(numbers, sizeof(numbers), "%d,%d", id, fd);
        if (!in_thread)
            exec_it(numbers);
        pthread_create(&thread, NULL, exec_it, numbers);
        pause();
    }
    CHECK(wait_for(child) == 0);
}

static volatile int stop;

static void *spin(void *unused)
{
    while (!stop)
        ;
    return unused;
}

static int64_t cpu_us(int clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

/* All threads' time counts; the signal is the process's. */
static void cpu_timer_of_threads(void)
{
    struct itimerval in_200_ms = {{0, 0}, {0, 200000}};
    pthread_t threads[3];

    heard = stop = 0;
    signal(SIGVTALRM, hear);
    int64_t start = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
    CHECK(setitimer(ITIMER_VIRTUAL, &in_200_ms, NULL) == 0);
    for (int i = 0; i < 3; i++)
        pthread_create(&threads[i], NULL, spin, NULL);
    while (!heard)
        ;
    int64_t spent = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - start;
    CHECK(spent >= 100000); /* Linux counts it in ticks, by who runs when one comes */
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CHECK(left_us(ITIMER_VIRTUAL) == 0 && heard == 1);
}

/* SIGXCPU at the soft limit and each second after, SIGKILL at the hard one. */
static void cpu_limit(void)
{
    struct rlimit limit = {1, 3};
    int gate[2], told = 0;

    CHECK(pipe(gate) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        int seen = 0;
        signal(SIGXCPU, hear);
        heard = stop = 0;
        if (setrlimit(RLIMIT_CPU, &limit))
            _exit(8);
        pthread_create(&thread, NULL, spin, NULL);
        for (;;) {
            if (heard != seen && write(gate[1], "x", 1) == 1)
                seen = heard;
        }
    }
    close(gate[1]);
    char byte;
    while (read(gate[0], &byte, 1) == 1)
        told++;
    CHECK(told == 2);
    int status = wait_for(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(gate[0]);
    child = fork();
    if (child == 0) {
        limit.rlim_cur = 1;
        setrlimit(RLIMIT_CPU, &limit);
        signal(SIGXCPU, SIG_DFL);
        for (;;)
            ;
    }
    status = wait_for(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "check"))
        return executed(argv[1]);
    forked();
    heard = 0;
    execute(0);
    execute(1);
    cpu_timer_of_threads();
    cpu_limit();
    CHECK_DONE();
}
