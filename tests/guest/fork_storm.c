/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: libc=glibc */
/* Thousands of short lives, one after the other and many at once, of every kind: afterwards all is
 * as before.
 * tests/system/test_process_stress.py runs it with more. */
#include "free_memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define FORKS 1000 /* unless an argument says how many */
#define EXECS 100
#define AT_ONCE 60

extern char **environ;

static void expect(pid_t child, int status)
{
    int got;
    CHECK(child > 0 && waitpid(child, &got, 0) == child && got == status);
}

static void *leave_process(void *argument)
{
    _exit((int)(long)argument);
}

/* One life of each kind; they end with n as status, or by a signal. */
static void live(int n)
{
    pthread_t thread;
    char *page;
    switch (n % 6) {
    case 0:
        _exit(n & 127);
    case 1: /* with memory of its own */
        page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(page, n, 65536);
        _exit(n & 127);
    case 2: /* with descriptors left open */
        if (pipe((int[2]){0, 0}) || open("/dev/null", O_RDONLY) < 0)
            _exit(126);
        _exit(n & 127);
    case 3: /* by a thread that is not the first */
        pthread_create(&thread, NULL, leave_process, (void *)(long)(n & 127));
        pause();
        __attribute__((fallthrough));
    case 4: /* with a child that nobody waits for */
        if (!fork())
            _exit(0);
        _exit(n & 127);
    default:
        kill(getpid(), SIGKILL);
    }
}

static int status_of(int n) { return n % 6 == 5 ? SIGKILL : (n & 127) << 8; }

static void one_by_one(int count)
{
    for (int n = 0; n < count; n++) {
        pid_t child = fork();
        if (!child)
            live(n);
        expect(child, status_of(n));
    }
}

static void many_at_once(void)
{
    pid_t children[AT_ONCE];
    int hold[2];
    char byte;
    CHECK(pipe(hold) == 0);
    for (int n = 0; n < AT_ONCE; n++) {
        children[n] = fork();
        if (children[n])
            continue;
        close(hold[1]);
        _exit(read(hold[0], &byte, 1) == 0 ? n : 126);
    }
    close(hold[0]);
    close(hold[1]);
    for (int n = AT_ONCE - 1; n >= 0; n--)
        expect(children[n], n << 8);
}

static void programs(void)
{
    char *argv[] = {"x", "exit", NULL};
    pid_t child;
    for (int n = 0; n < EXECS; n++) {
        CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environ) == 0);
        expect(child, 55 << 8);
    }
}

int main(int argc, char **argv)
{
    int forks = argc > 1 ? atoi(argv[1]) : FORKS;
    if (argc > 1 && !strcmp(argv[1], "exit"))
        return 55;
    for (int round = 0; round < FREE_ROUNDS; round++) {
        one_by_one(forks);
        many_at_once();
        programs();
        CHECK_ERRNO(wait(NULL), ECHILD);
        note_free(round);
    }
    check_free();
    CHECK_DONE();
}
