/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What threads, processes, mappings, descriptors and timers cost a program (clause B5), measured by
 * itself: prints nanoseconds per operation, the least of many short batches, so that a machine that
 * is busy with other things for a moment does not count. Timer lateness is a median.
 *
 *   core_costs yield | fork-exit | fork-exec | mmap-touch | epoll N | idle-threads N | timer
 */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self;
static long argument;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void must(int condition, const char *what)
{
    if (condition)
        return;
    perror(what);
    exit(3);
}

/* The least time that one of `batches` runs of `count` operations took, per operation. */
static double least(void (*operation)(void), int batches, int count)
{
    int64_t best = INT64_MAX;
    for (int b = 0; b < batches; b++) {
        int64_t begin = now_ns();
        for (int i = 0; i < count; i++)
            operation();
        int64_t took = now_ns() - begin;
        best = took < best ? took : best;
    }
    return (double)best / count;
}

/* --- threads --- */

static void *yield_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        sched_yield();
}

static void yield_once(void) { sched_yield(); }

static void pin(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    must(sched_setaffinity(0, sizeof one, &one) == 0, "sched_setaffinity");
}

/* A call gives the CPU to the other thread, whose call gives it back: two switches. */
static double yield(void)
{
    pthread_t other;
    pin();
    must(pthread_create(&other, NULL, yield_for_ever, NULL) == 0, "pthread_create");
    return least(yield_once, 100, 2000) / 2;
}

static void *wait_for_ever(void *unused)
{
    (void)unused;
    for (;;)
        pause();
}

/* What the same work costs beside threads that all wait. */
static double idle_threads(void)
{
    pthread_attr_t small;
    pthread_t t;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (long i = 0; i < argument; i++)
        must(pthread_create(&t, &small, wait_for_ever, NULL) == 0, "pthread_create");
    usleep(100000);
    return least(yield_once, 100, 2000);
}

/* --- processes --- */

static void reap(pid_t child)
{
    int status;
    must(child > 0, "fork");
    must(waitpid(child, &status, 0) == child && status == 0, "waitpid");
}

static void fork_exit(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    reap(child);
}

static void fork_exec(void)
{
    pid_t child = fork();
    if (child == 0) {
        execl(self, self, "nothing", (char *)NULL);
        _exit(1);
    }
    reap(child);
}

/* --- memory --- */

#define MAPPING 65536

static void mmap_touch(void)
{
    char *p = mmap(NULL, MAPPING, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(p != MAP_FAILED, "mmap");
    for (int i = 0; i < MAPPING; i += 4096)
        ((volatile char *)p)[i] = 1;
    must(munmap(p, MAPPING) == 0, "munmap");
}

/* --- descriptors --- */

static int poller, *events;
static unsigned next_event;

/* One of them becomes ready, is found, and is read. */
static void epoll_event(void)
{
    struct epoll_event found;
    uint64_t value = 1;
    int fd = events[next_event++ * 7919 % argument];
    must(write(fd, &value, sizeof value) == sizeof value, "write");
    must(epoll_wait(poller, &found, 1, -1) == 1 && found.data.fd == fd, "epoll_wait");
    must(read(fd, &value, sizeof value) == sizeof value, "read");
}

static double epoll(void)
{
    struct rlimit files = {(rlim_t)argument + 64, (rlim_t)argument + 64};
    must(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
    events = calloc((size_t)argument, sizeof *events);
    poller = epoll_create1(0);
    must(events != NULL && poller >= 0, "epoll_create1");
    for (long i = 0; i < argument; i++) {
        events[i] = eventfd(0, EFD_NONBLOCK);
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = events[i]};
        must(events[i] >= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, events[i], &wanted) == 0,
             "epoll_ctl");
    }
    return least(epoll_event, 100, 500);
}

/* --- timers --- */

#define SLEEPS 401

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static double timer(void)
{
    static int64_t late[SLEEPS];
    for (int i = 0; i < SLEEPS; i++) {
        struct timespec t;
        int64_t until = now_ns() + 1000000 + i * 1000;
        t.tv_sec = until / 1000000000;
        t.tv_nsec = until % 1000000000;
        must(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0, "clock_nanosleep");
        late[i] = now_ns() - until;
        must(late[i] >= 0, "a timer that was early");
    }
    qsort(late, SLEEPS, sizeof late[0], by_value);
    return (double)late[SLEEPS / 2];
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    self = argv[0];
    argument = argc > 2 ? atol(argv[2]) : 0;
    if (!strcmp(what, "nothing"))
        return 0;
    double ns = !strcmp(what, "yield")          ? yield()
                : !strcmp(what, "fork-exit")    ? least(fork_exit, 250, 4)
                : !strcmp(what, "fork-exec")    ? least(fork_exec, 120, 3)
                : !strcmp(what, "mmap-touch")   ? least(mmap_touch, 100, 100)
                : !strcmp(what, "epoll")        ? epoll()
                : !strcmp(what, "idle-threads") ? idle_threads()
                : !strcmp(what, "timer")        ? timer()
                                                : -1;
    if (ns < 0)
        return 2;
    printf("%.1f\n", ns);
    return 0;
}
