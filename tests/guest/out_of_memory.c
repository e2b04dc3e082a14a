/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: memory=32M */
/* Memory that runs out: the largest process is killed, or its calls fail; others go on. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define MIB (1ul << 20)
enum { REFUSED = 9, WRONG = 3 };

static char *map(size_t bytes)
{
    return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Elsewhere than on Elfin the machine is larger: a limit stands for its size. */
static void limit(void)
{
    struct rlimit most = {26 * MIB, 26 * MIB};
    char root[7] = "";
    int mounts = open("/proc/mounts", O_RDONLY);
    if (read(mounts, root, 6) != 6 || strcmp(root, "elfin ") != 0)
        setrlimit(RLIMIT_AS, &most);
    close(mounts);
}

static void touch_all(void)
{
    for (;;) {
        char *p = map(MIB);
        if (p == MAP_FAILED)
            _exit(errno == ENOMEM ? REFUSED : WRONG);
        memset(p, 1, MIB);
    }
}

/* The kernel's copies need the pages. */
static void read_all(void)
{
    int zero = open("/dev/zero", O_RDONLY);
    for (;;) {
        char *p = map(10 * MIB);
        if (p == MAP_FAILED)
            _exit(errno == ENOMEM ? REFUSED : WRONG);
        for (size_t done = 0; done < 10 * MIB;) {
            ssize_t n = read(zero, p + done, 10 * MIB - done);
            if (n <= 0)
                _exit(WRONG);
            done += (size_t)n;
        }
    }
}

static void share_all(void)
{
    char *p = map(8 * MIB);
    if (p == MAP_FAILED)
        _exit(REFUSED);
    memset(p, 1, 8 * MIB);
    pid_t child = fork();
    if (child < 0)
        _exit(REFUSED);
    touch_all();
}

static void ends(void (*what)(void))
{
    int status = -1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        limit();
        what();
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
          (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED));
}

static int deepen(int kib)
{
    volatile char here[1024];
    memset((char *)here, kib, sizeof(here));
    return kib ? deepen(kib - 1) + here[1] : 0;
}

/* Memory is full of file data; a stack that has to grow is a reason to kill, not a wild pointer. The
 * one that grows it goes first. */
static void test_stack(void)
{
    static char zeros[65536];
    int status = -1, file = (int)syscall(SYS_memfd_create, "fills", 0);
    char root[7] = "";
    int mounts = open("/proc/mounts", O_RDONLY);
    volatile int *go = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(file >= 0 && go != MAP_FAILED);
    *go = 0;
    pid_t child = fork();
    if (child == 0) {
        int adjust = open("/proc/self/oom_score_adj", O_WRONLY);
        if (adjust < 0 || write(adjust, "1000", 4) != 4)
            _exit(WRONG);
        while (!*go)
            usleep(1000);
        deepen(4096);
        _exit(0);
    }
    if (read(mounts, root, 6) == 6 && !strcmp(root, "elfin "))
        while (write(file, zeros, sizeof(zeros)) > 0)
            ;
    close(mounts);
    *go = 1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(status == (strcmp(root, "elfin ") ? 0 : SIGKILL));
    close(file);
}

static volatile int handled;
static void handle(int signal) { handled = signal; }

/* Nor is a handler that needs the kernel's own memory: who may be killed for it is. */
static void test_handler(void)
{
    static char zeros[65536];
    int status = -1, file = (int)syscall(SYS_memfd_create, "fills", 0), last = file, fd;
    struct sigaction action = {.sa_handler = handle};
    char root[7] = "";
    int mounts = open("/proc/mounts", O_RDONLY);
    volatile int *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                               0);
    *ready = 0;
    pid_t child = fork();
    if (child == 0) {
        int adjust = open("/proc/self/oom_score_adj", O_WRONLY);
        char *p = map(MIB);
        if (adjust < 0 || write(adjust, "1000", 4) != 4 || p == MAP_FAILED)
            _exit(WRONG);
        memset(p, 1, MIB);
        for (*ready = 1;;)
            pause();
    }
    while (!*ready)
        usleep(1000);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    if (read(mounts, root, 6) == 6 && !strcmp(root, "elfin ")) {
        while (write(file, zeros, sizeof(zeros)) > 0)
            ;
        while ((fd = epoll_create1(0)) >= 0)
            last = fd;
    }
    for (int n = 0; n < 1000; n++) {
        handled = 0;
        CHECK(raise(SIGUSR1) == 0 && handled == SIGUSR1);
    }
    while (last > file)
        close(last--);
    close(file);
    close(mounts);
    kill(child, SIGKILL);
    CHECK(waitpid(child, &status, 0) == child && status == SIGKILL);
}

int main(void)
{
    test_stack();
    test_handler();
    size_t own = 4 * MIB;
    char *p = map(own);
    memset(p, 7, own);
    ends(touch_all);
    ends(read_all);
    ends(share_all);
    for (size_t i = 0; i < own; i += 4096)
        if (p[i] != 7)
            CHECK(!"the parent's memory is as it was");
    char *more = map(2 * MIB);
    CHECK(more != MAP_FAILED);
    memset(more, 1, 2 * MIB); /* what the dead had is there again */
    CHECK_DONE();
}
