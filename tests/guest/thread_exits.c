/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc */
/* (musl 1.2.3 hangs on Linux, too, when a forked process's first thread calls pthread_exit.) */
/* Threads end in every order: the first one before the others, the process while they sleep or
 * compute, all at once. Each case is a child process whose status is looked at. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>

static void pause_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static pthread_t first;

static void spawn(void *(*start)(void *))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, start, NULL))
        _exit(99);
}

static void *sleeper(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void *spinner(void *unused)
{
    for (volatile long n = 0;; n++)
        ;
    return unused;
}

static void *late_exit_4(void *unused)
{
    pause_ms(20);
    syscall(SYS_exit, 4);
    return unused;
}

/* The status is that of the last thread, since Linux 5.19. */
static void case_first_thread_ends(void)
{
    spawn(late_exit_4);
    syscall(SYS_exit, 3);
}

static void *late_return(void *unused)
{
    pause_ms(20);
    return unused;
}

static void case_pthread_exit_of_main(void)
{
    spawn(late_return);
    pthread_exit(NULL);
}

static void *joins_first(void *unused)
{
    void *result = NULL;
    if (pthread_join(first, &result) || result != (void *)17)
        _exit(1);
    _exit(6);
    return unused;
}

static void case_first_thread_is_joined(void)
{
    first = pthread_self();
    spawn(joins_first);
    pthread_exit((void *)17);
}

static void *late_exit_group(void *unused)
{
    pause_ms(10);
    exit(7);
    return unused;
}

static void case_exit_group_by_another(void)
{
    for (int i = 0; i < 20; i++) {
        spawn(sleeper);
        spawn(spinner);
    }
    spawn(late_exit_group);
    for (;;)
        pause();
}

static void case_exit_group_without_first(void)
{
    spawn(sleeper);
    spawn(late_exit_group);
    syscall(SYS_exit, 3);
}

static void *late_kill(void *unused)
{
    pause_ms(10);
    kill(getpid(), SIGKILL);
    return unused;
}

static void case_killed(void)
{
    for (int i = 0; i < 10; i++)
        spawn(sleeper);
    spawn(late_kill);
    for (volatile long n = 0;; n++)
        ;
}

static void *crash(void *unused)
{
    pause_ms(10);
    *(volatile int *)16 = 1;
    return unused;
}

static void case_crash(void)
{
    spawn(sleeper);
    spawn(crash);
    pause();
}

static void *at_once(void *unused)
{
    syscall(SYS_exit, 8);
    return unused;
}

static void case_all_at_once(void)
{
    for (int i = 0; i < 50; i++)
        spawn(at_once);
    syscall(SYS_exit, 8);
}

static void *exec_self(void *unused)
{
    char *const arguments[] = {"/proc/self/exe", "was-executed", NULL};
    char *const environment[] = {NULL};
    execve("/proc/self/exe", arguments, environment);
    _exit(98);
    return unused;
}

static void case_exec_by_another(void)
{
    spawn(sleeper);
    spawn(spinner);
    spawn(exec_self);
    for (;;)
        pause();
}

static void expect(void (*run)(void), int exit_status, int signal, const char *name)
{
    int status = -1;
    fflush(stdout);
    pid_t child = fork();

    if (!child) {
        run();
        _exit(97);
    }
    CHECK(waitpid(child, &status, 0) == child);
    bool good = signal ? WIFSIGNALED(status) && WTERMSIG(status) == signal
                       : WIFEXITED(status) && WEXITSTATUS(status) == exit_status;
    if (!good) {
        printf("%s: status %#x\n", name, (unsigned)status);
        check_failures++;
    }
}

#define EXPECT(run, exit_status, signal) expect(run, exit_status, signal, #run)

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "was-executed"))
        return gettid() == getpid() ? 9 : 96;
    EXPECT(case_first_thread_ends, 4, 0);
    EXPECT(case_pthread_exit_of_main, 0, 0);
    EXPECT(case_first_thread_is_joined, 6, 0);
    EXPECT(case_exit_group_by_another, 7, 0);
    EXPECT(case_exit_group_without_first, 7, 0);
    EXPECT(case_killed, 0, SIGKILL);
    EXPECT(case_crash, 0, SIGSEGV);
    EXPECT(case_all_at_once, 8, 0);
    EXPECT(case_exec_by_another, 9, 0);
    CHECK_DONE();
}
