/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What test_killed_tasks.py kills from outside: a parent that keeps a shell's pipelines, a program
 * of many threads and a program of many children alive, until its stdin ends. Whoever dies must
 * have been killed, or have ended because somebody it talked to was. Then it says what it saw.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 6

static const char *self;

/* --- a program of many threads --- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned turn;

static void *take_turns(void *argument)
{
    unsigned mine = (unsigned)(long)argument;
    for (;;) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != mine)
            pthread_cond_wait(&changed, &mutex);
        turn++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
        char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED)
            _exit(3);
        p[4096] = 1;
        munmap(p, 65536);
    }
}

static int threads(void)
{
    pthread_t t;
    for (long i = 0; i < THREADS; i++)
        if (pthread_create(&t, NULL, take_turns, (void *)i))
            return 4;
    for (;;)
        pause();
}

/* --- a program of many children --- */

static int children(void)
{
    int ends[2];
    if (pipe(ends))
        return 5;
    for (;;) {
        char byte = 'x';
        int status;
        pid_t child = fork();
        if (child < 0)
            return 6;
        if (child == 0)
            _exit(write(ends[1], &byte, 1) == 1 ? 7 : 8);
        if (waitpid(child, &status, 0) != child)
            return 9;
        if (WIFSIGNALED(status) ? WTERMSIG(status) != SIGKILL : WEXITSTATUS(status) != 7)
            return 10;
        struct pollfd p = {ends[0], POLLIN, 0};
        while (poll(&p, 1, 0) > 0 && read(ends[0], &byte, 1) == 1)
            ;
    }
}

/* --- the parent --- */

static const char pipelines[] = "while :; do echo one two three | /bin/busybox cat | /bin/busybox wc -w | "
                                "/bin/busybox cat >/dev/null; x=$(echo sub | /bin/busybox cat); done";

static char *const commands[][5] = {
    {"/bin/busybox", "sh", "-c", (char *)pipelines, NULL},
    {"self", "threads", NULL},
    {"self", "children", NULL},
};
#define KINDS (sizeof commands / sizeof commands[0])

static pid_t start(unsigned kind)
{
    char *const *argv = commands[kind];
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        execv(strcmp(argv[0], "self") ? argv[0] : self, argv);
        _exit(11);
    }
    setpgid(child, child); /* the child may not have run when its group is killed */
    return child;
}

static bool stdin_ended(int wait_ms)
{
    char c;
    struct pollfd p = {0, POLLIN, 0};
    return poll(&p, 1, wait_ms) > 0 && read(0, &c, 1) <= 0;
}

static unsigned killed, unexpected;

static unsigned kind_of(const pid_t *pids, pid_t pid)
{
    unsigned kind = 0;
    while (kind < KINDS && pids[kind] != pid)
        kind++;
    return kind;
}

static void note_end(unsigned kind, int status)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        killed++;
    } else {
        unexpected++;
        printf("%s: status %#x\n", kind < KINDS ? commands[kind][1] : "orphan", status);
    }
}

static void reap(pid_t *pids)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        unsigned kind = kind_of(pids, pid);
        if (kind == KINDS)
            continue; /* an orphan: a killed shell's pipeline */
        note_end(kind, status);
        kill(-pid, SIGKILL);
        pids[kind] = start(kind);
    }
}

int main(int argc, char **argv)
{
    pid_t pids[KINDS];
    self = argv[0];
    if (argc > 1)
        return strcmp(argv[1], "threads") ? children() : threads();
    if (!strcmp(argv[0], "self"))
        return 12;
    for (unsigned i = 0; i < KINDS; i++)
        pids[i] = start(i);
    printf("up\n");
    fflush(stdout);
    while (!stdin_ended(5))
        reap(pids);
    for (unsigned i = 0; i < KINDS; i++)
        kill(-pids[i], SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        ;
    printf("%u killed, %u ended otherwise\n", killed, unexpected);
    return 0;
}
