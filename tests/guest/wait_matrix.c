/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for children: whom, for what, with which options, and what is told of them. */
#include "check.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static pid_t ending(int how)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (how < 0)
            kill(getpid(), -how);
        _exit(how);
    }
    return child;
}

/* Until the child is a zombie, without taking it. */
static void settle(pid_t child)
{
    siginfo_t info;
    CHECK(waitid(P_PID, child, &info, WEXITED | WNOWAIT) == 0);
}

static void test_status(void)
{
    int status;
    pid_t child = ending(42);
    CHECK(waitpid(child, &status, 0) == child && status == 42 << 8);
    child = ending(-SIGKILL);
    CHECK(waitpid(child, &status, 0) == child && status == SIGKILL);
    child = ending(-SIGTERM);
    CHECK(wait(&status) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    child = ending(256 + 7);
    CHECK(wait4(-1, &status, 0, NULL) == child && WEXITSTATUS(status) == 7);
    child = ending(0);
    CHECK(waitpid(child, NULL, __WALL) == child);
    CHECK_ERRNO(waitpid(child, &status, 0), ECHILD);
}

static void test_choice(void)
{
    pid_t first = ending(1), second = ending(2), grouped = ending(3);
    int status;
    settle(first);
    settle(second);
    settle(grouped);
    CHECK_ERRNO(waitpid(getpid(), &status, 0), ECHILD);
    CHECK_ERRNO(waitpid(-999999, &status, 0), ECHILD);
    CHECK_ERRNO(waitpid(1 << 30, &status, 0), ECHILD);
    CHECK(waitpid(second, &status, 0) == second && WEXITSTATUS(status) == 2);
    CHECK(waitpid(0, &status, 0) == first && WEXITSTATUS(status) == 1); /* in order of age */
    CHECK(waitpid(-getpgrp(), &status, 0) == grouped && WEXITSTATUS(status) == 3);
    CHECK_ERRNO(wait(&status), ECHILD);
}

static void test_groups(void)
{
    int hold[2], status;
    char byte;
    CHECK(pipe(hold) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(hold[1]);
        _exit(read(hold[0], &byte, 1) == 0 ? 9 : 1);
    }
    CHECK(setpgid(child, child) == 0 && getpgid(child) == child);
    CHECK_ERRNO(waitpid(0, &status, WNOHANG), ECHILD);
    CHECK(waitpid(-child, &status, WNOHANG) == 0);
    close(hold[1]);
    close(hold[0]);
    CHECK(waitpid(-child, &status, 0) == child && WEXITSTATUS(status) == 9);
}

static void test_waitid(void)
{
    siginfo_t info;
    struct rusage usage;
    pid_t child = ending(5);
    settle(child);
    memset(&info, 0xff, sizeof(info));
    CHECK(syscall(SYS_waitid, P_PID, child, &info, WEXITED | WNOWAIT, &usage) == 0);
    CHECK(info.si_signo == SIGCHLD && info.si_code == CLD_EXITED && info.si_pid == child);
    CHECK(info.si_status == 5 && info.si_uid == getuid());
    CHECK(waitid(P_PGID, getpgrp(), &info, WEXITED | WNOHANG) == 0 && info.si_pid == child);
    CHECK_ERRNO(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    child = ending(-SIGUSR1);
    CHECK(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_code == CLD_KILLED);
    CHECK(info.si_status == SIGUSR1 && info.si_pid == child);
    child = ending(1);
    CHECK(syscall(SYS_waitid, P_PID, child, NULL, WEXITED, NULL) == 0);
    CHECK_ERRNO(waitid(P_PID, 0, &info, WEXITED), EINVAL);
    CHECK_ERRNO(waitid(P_PID, child, &info, WNOHANG), EINVAL);
    CHECK_ERRNO(waitid(77, child, &info, WEXITED), EINVAL);
    CHECK_ERRNO(waitid(P_PGID, -5, &info, WEXITED), EINVAL);
}

static void test_nothing_yet(void)
{
    int hold[2], status = 77;
    char byte;
    siginfo_t info = {.si_signo = 5, .si_pid = 5};
    CHECK(pipe(hold) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(hold[1]);
        _exit((int)read(hold[0], &byte, 1));
    }
    CHECK(waitpid(-1, &status, WNOHANG) == 0 && status == 77);
    CHECK(waitid(P_PID, child, &info, WEXITED | WNOHANG) == 0 && !info.si_signo && !info.si_pid);
    close(hold[1]);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(hold[0]);
}

/* Results that cannot be stored: the child is gone all the same. */
static void test_bad_pointers(void)
{
    pid_t child = ending(1);
    CHECK_ERRNO(syscall(SYS_wait4, child, BAD_POINTER, 0, NULL), EFAULT);
    CHECK_ERRNO(waitpid(child, NULL, 0), ECHILD);
    child = ending(1);
    CHECK_ERRNO(syscall(SYS_wait4, child, NULL, 0, BAD_POINTER), EFAULT);
    child = ending(1);
    CHECK_ERRNO(syscall(SYS_waitid, P_PID, child, BAD_POINTER, WEXITED, NULL), EFAULT);
    CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
}

static volatile sig_atomic_t heard;
static siginfo_t last;
static void on_child(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    heard++;
    last = *info;
}

static void test_signal(void)
{
    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
    int status;
    CHECK(sigaction(SIGCHLD, &action, &old) == 0);
    heard = 0;
    pid_t child = ending(33);
    CHECK(waitpid(child, &status, 0) == child); /* restarted when the signal came first */
    CHECK(heard == 1 && last.si_pid == child && last.si_status == 33 && last.si_code == CLD_EXITED);
    CHECK(last.si_uid == getuid() && last.si_signo == SIGCHLD);
    child = ending(-SIGKILL);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(heard == 2 && last.si_status == SIGKILL && last.si_code == CLD_KILLED);
    CHECK(sigaction(SIGCHLD, &old, NULL) == 0);
}

/* Nobody waits for them: no zombie stays, and wait ends when the last one has. */
static void test_no_zombies(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN}, old;
    CHECK(sigaction(SIGCHLD, &action, &old) == 0);
    pid_t child = ending(1);
    CHECK_ERRNO(waitpid(child, NULL, 0), ECHILD);
    ending(2);
    ending(3);
    CHECK_ERRNO(wait(NULL), ECHILD);
    CHECK_ERRNO(kill(child, 0), ESRCH);
    action = (struct sigaction){.sa_sigaction = on_child, .sa_flags = SA_NOCLDWAIT | SA_SIGINFO};
    CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
    heard = 0;
    child = ending(4);
    while (waitpid(child, NULL, 0) == -1 && errno == EINTR)
        ;
    CHECK(errno == ECHILD && heard == 1 && last.si_status == 4);
    CHECK(sigaction(SIGCHLD, &old, NULL) == 0);
}

static void test_interrupted(void)
{
    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO};
    int hold[2];
    char byte;
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0 && pipe(hold) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(hold[1]);
        kill(getppid(), SIGUSR2);
        _exit((int)read(hold[0], &byte, 1));
    }
    CHECK_ERRNO(waitpid(child, NULL, 0), EINTR);
    close(hold[1]);
    CHECK(waitpid(child, NULL, 0) == child);
    close(hold[0]);
}

static int cloned(void *argument)
{
    _exit((int)(long)argument);
}

/* Children whose end is told with another signal, or none: only __WCLONE and __WALL see them. */
static void test_clones(void)
{
    char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int status;
    pid_t child = clone(cloned, stack + 65536, 0, (void *)6);
    CHECK(child > 0);
    CHECK_ERRNO(waitpid(child, &status, 0), ECHILD);
    CHECK(waitpid(child, &status, __WCLONE) == child && WEXITSTATUS(status) == 6);
    child = clone(cloned, stack + 65536, SIGCHLD, (void *)7);
    CHECK_ERRNO(waitpid(child, &status, __WCLONE), ECHILD);
    CHECK(waitpid(child, &status, __WALL) == child && WEXITSTATUS(status) == 7);
    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    heard = 0;
    child = clone(cloned, stack + 65536, SIGUSR1, (void *)8);
    CHECK(waitpid(-1, &status, __WALL) == child && WEXITSTATUS(status) == 8);
    CHECK(heard == 1 && last.si_signo == SIGUSR1 && last.si_pid == child && last.si_status == 8);
    munmap(stack, 65536);
}

static void test_usage(void)
{
    struct rusage before, after, one;
    CHECK(getrusage(RUSAGE_CHILDREN, &before) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct timespec t;
        do
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        while (t.tv_nsec < 60000000);
        char *p = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(p, 1, 8 << 20);
        _exit(0);
    }
    CHECK(wait4(child, NULL, 0, &one) == child);
    CHECK(getrusage(RUSAGE_CHILDREN, &after) == 0);
    CHECK(one.ru_utime.tv_sec * 1000000 + one.ru_utime.tv_usec + one.ru_stime.tv_usec >= 50000);
    CHECK(one.ru_maxrss >= 8192 && after.ru_maxrss >= one.ru_maxrss);
    long took = (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1000000 +
                (after.ru_utime.tv_usec - before.ru_utime.tv_usec) +
                (after.ru_stime.tv_usec - before.ru_stime.tv_usec);
    CHECK(took >= 50000);
}

int main(void)
{
    test_status();
    test_choice();
    test_groups();
    test_waitid();
    test_nothing_yet();
    test_bad_pointers();
    test_signal();
    test_no_zombies();
    test_interrupted();
    test_clones();
    test_usage();
    CHECK_DONE();
}
