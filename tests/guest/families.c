/* SPDX-License-Identifier: BSD-3-Clause */
/* Parents that go: orphans, subreapers, parent-death signals; process groups and sessions. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define RUN(...)                                                                                   \
    ({                                                                                             \
        fflush(stdout);                                                                            \
        pid_t run_ = fork();                                                                       \
        if (!run_) {                                                                               \
            __VA_ARGS__;                                                                           \
            _exit(99);                                                                             \
        }                                                                                          \
        run_;                                                                                      \
    })

static struct {
    volatile pid_t a, b, parent;
    volatile int go, heard;
} *shared;

static int status_of(pid_t child)
{
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}

static void spin_until(volatile int *word, int value)
{
    while (*word != value)
        usleep(1000);
}

/* A grandchild whose parent has gone belongs to the subreaper, which can wait for it. */
static void test_subreaper(void)
{
    int flag = -1;
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    CHECK(prctl(PR_GET_CHILD_SUBREAPER, &flag) == 0 && flag == 1);
    memset(shared, 0, sizeof(*shared));
    pid_t child = RUN({
        int own = -1;
        if (prctl(PR_GET_CHILD_SUBREAPER, &own) || own)
            _exit(1);
        shared->a = RUN({
            spin_until(&shared->go, 1);
            shared->parent = getppid();
            _exit(21);
        });
        shared->b = RUN(_exit(22)); /* a zombie nobody waited for */
        siginfo_t info;
        waitid(P_PID, shared->b, &info, WEXITED | WNOWAIT);
        _exit(0);
    });
    CHECK(status_of(child) == 0);
    shared->go = 1;
    CHECK(status_of(shared->a) == 21 << 8 && shared->parent == getpid());
    CHECK(status_of(shared->b) == 22 << 8);
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 0) == 0);
    CHECK_ERRNO(wait(NULL), ECHILD);
}

static void test_orphan_changes_parent(void)
{
    memset(shared, 0, sizeof(*shared));
    pid_t child = RUN({
        shared->b = getpid();
        shared->a = RUN({
            while (getppid() == shared->b)
                usleep(1000);
            shared->parent = getppid();
            shared->go = 2;
            _exit(0);
        });
        _exit(0);
    });
    CHECK(status_of(child) == 0);
    CHECK_ERRNO(waitpid(shared->a, NULL, 0), ECHILD); /* it is nobody's business of ours */
    CHECK_ERRNO(wait(NULL), ECHILD);
    spin_until(&shared->go, 2);
    CHECK(shared->parent > 0 && shared->parent != child);
    while (kill(shared->a, 0) == 0) /* and no zombie stays */
        usleep(1000);
    CHECK(errno == ESRCH);
}

static void on_death(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    shared->heard = info->si_pid == shared->b ? 1 : 2;
}

static void test_death_signal(void)
{
    int signal = -1;
    memset(shared, 0, sizeof(*shared));
    CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
    CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0 && prctl(PR_GET_PDEATHSIG, &signal) == 0);
    CHECK(signal == SIGUSR1 && prctl(PR_SET_PDEATHSIG, 0) == 0);
    pid_t child = RUN({
        shared->b = getpid();
        shared->a = RUN({
            struct sigaction action = {.sa_sigaction = on_death, .sa_flags = SA_SIGINFO};
            sigaction(SIGUSR2, &action, NULL);
            prctl(PR_SET_PDEATHSIG, SIGUSR2);
            shared->go = 1;
            while (!shared->heard)
                usleep(1000);
            shared->go = 2;
            _exit(0);
        });
        spin_until(&shared->go, 1);
        _exit(0);
    });
    CHECK(status_of(child) == 0);
    spin_until(&shared->go, 2);
    CHECK(shared->heard == 1);
}

static void *make_child(void *out)
{
    *(pid_t *)out = RUN({
        prctl(PR_SET_PDEATHSIG, SIGUSR2);
        shared->go = 1;
        pause();
        _exit(3);
    });
    spin_until(&shared->go, 1);
    return NULL;
}

/* The parent is the thread that called fork: when it ends, the signal is sent, and its process
 * stays the parent. */
static void test_thread_parent(void)
{
    pthread_t thread;
    pid_t child = 0;
    int status;
    memset(shared, 0, sizeof(*shared));
    CHECK(pthread_create(&thread, NULL, make_child, &child) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == SIGUSR2);
}

static void *wait_without_others(void *argument)
{
    int status;
    CHECK_ERRNO(waitpid(*(pid_t *)argument, &status, __WNOTHREAD), ECHILD);
    return NULL;
}

static void test_not_my_child(void)
{
    pthread_t thread;
    pid_t child = RUN(_exit(6));
    CHECK(pthread_create(&thread, NULL, wait_without_others, &child) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    int status;
    CHECK(waitpid(child, &status, __WNOTHREAD) == child && status == 6 << 8);
}

static void test_groups(void)
{
    memset(shared, 0, sizeof(*shared));
    pid_t child = RUN({
        char *argv[] = {"x", "sleeper", NULL};
        spin_until(&shared->go, 1);
        execv("/proc/self/exe", argv);
    });
    CHECK(setpgid(child, 0) == 0 && getpgid(child) == child && getsid(child) == getsid(0));
    pid_t second = RUN(pause());
    CHECK(setpgid(second, child) == 0 && getpgid(second) == child);
    CHECK_ERRNO(setpgid(second, 1 << 29), EPERM);
    CHECK_ERRNO(setpgid(1 << 29, 0), ESRCH);
    CHECK_ERRNO(setpgid(second, -1), EINVAL);
    shared->go = 1;
    while (getpgid(child) == child && setpgid(child, child) == 0)
        usleep(1000); /* until it has called execve */
    CHECK_ERRNO(setpgid(child, child), EACCES);
    CHECK(killpg(child, 0) == 0 && kill(-child, SIGTERM) == 0);
    CHECK(status_of(child) == SIGTERM && status_of(second) == SIGTERM);
    CHECK_ERRNO(kill(-child, 0), ESRCH);
    CHECK_ERRNO(kill(1 << 29, 0), ESRCH);
    CHECK_ERRNO(kill(getpid(), 65), EINVAL);
    CHECK_ERRNO(kill(getpid(), -1), EINVAL);
}

static void test_sessions(void)
{
    memset(shared, 0, sizeof(*shared));
    pid_t child = RUN({
        pid_t me = getpid();
        if (setsid() != me || getsid(0) != me || getpgrp() != me)
            _exit(1);
        if (setsid() != -1 || errno != EPERM || setpgid(0, 0) != -1 || errno != EPERM)
            _exit(2);
        shared->go = 1;
        spin_until(&shared->go, 2);
        _exit(0);
    });
    spin_until(&shared->go, 1);
    CHECK(getsid(child) == child);
    CHECK_ERRNO(setpgid(child, 0), EPERM); /* another session */
    shared->go = 2;
    CHECK(status_of(child) == 0);
    child = RUN({ /* a group's number is not given to a session while the group lives */
        setpgid(0, 0);
        pid_t inner = RUN({
            pause();
        });
        int refused = setsid() == -1 && errno == EPERM;
        kill(inner, SIGKILL);
        waitpid(inner, NULL, 0);
        _exit(refused ? 0 : 1);
    });
    CHECK(status_of(child) == 0);
}

/* Another user's processes: as root only, who can become another. */
static void test_permissions(void)
{
    if (geteuid())
        return;
    memset(shared, 0, sizeof(*shared));
    pid_t other = RUN(pause());
    pid_t child = RUN({
        if (setresgid(1234, 1234, 1234) || setresuid(1234, 1234, 1234))
            _exit(1);
        if (kill(other, 0) != -1 || errno != EPERM || kill(getppid(), SIGCONT) != 0)
            _exit(2);
        if (syscall(SYS_tgkill, other, other, SIGTERM) != -1 || errno != EPERM)
            _exit(3);
        struct { unsigned long soft, hard; } limit;
        if (syscall(SYS_prlimit64, other, 7, NULL, &limit) != -1 || errno != EPERM)
            _exit(4);
        _exit(0);
    });
    CHECK(status_of(child) == 0);
    CHECK(kill(other, SIGKILL) == 0 && status_of(other) == SIGKILL);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        pause();
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    test_subreaper();
    test_orphan_changes_parent();
    test_death_signal();
    test_thread_parent();
    test_not_my_child();
    test_groups();
    test_sessions();
    test_permissions();
    CHECK_DONE();
}
