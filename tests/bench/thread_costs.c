/* SPDX-License-Identifier: BSD-3-Clause */
/* What threads cost, measured by the program itself: prints nanoseconds per operation.
 *   thread_costs switch          two threads on one CPU give way to each other
 *   thread_costs call N          a system call while N other threads sleep
 *   thread_costs switch-among N  as switch, while N other threads sleep
 *   thread_costs pass            one thread wakes the other by a futex and waits for it in turn */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define YIELDS 100000
#define CALLS 200000
#define PASSES 50000

static sem_t idle;
static pthread_barrier_t start;
static uint32_t turn;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *sleep_for_ever(void *unused)
{
    sem_wait(&idle);
    return unused;
}

static void make_idle(int count)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    for (int i = 0; i < count; i++) {
        if (pthread_create(&thread, &attributes, sleep_for_ever, NULL))
            exit(3);
    }
    usleep(20000 + (unsigned)count * 20); /* until they sleep */
}

static void pin(void)
{
    cpu_set_t set;
    int cpu = sched_getcpu();

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set))
        exit(4);
}

static void *yield(void *unused)
{
    pthread_barrier_wait(&start);
    for (int i = 0; i < YIELDS; i++)
        sched_yield();
    return unused;
}

static void *pass(void *number)
{
    uint32_t me = (uint32_t)(uintptr_t)number;

    pthread_barrier_wait(&start);
    for (int i = 0; i < PASSES; i++) {
        while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != me)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !me, NULL);
        __atomic_store_n(&turn, !me, __ATOMIC_RELEASE);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1);
    }
    return NULL;
}

static double two(void *(*work)(void *), int operations)
{
    pthread_t threads[2];
    int64_t begin;

    pthread_barrier_init(&start, NULL, 3);
    for (uintptr_t i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, work, (void *)i);
    begin = now_ns();
    pthread_barrier_wait(&start);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return (double)(now_ns() - begin) / operations;
}

static double call(void)
{
    int64_t begin = now_ns();
    for (int i = 0; i < CALLS; i++)
        syscall(SYS_getppid);
    return (double)(now_ns() - begin) / CALLS;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    double ns;

    sem_init(&idle, 0, 0);
    pin();
    make_idle(argc > 2 ? atoi(argv[2]) : 0);
    if (!strncmp(what, "switch", 6))
        ns = two(yield, 2 * YIELDS);
    else if (!strcmp(what, "pass"))
        ns = two(pass, 2 * PASSES);
    else if (!strcmp(what, "call"))
        ns = call();
    else
        return 2;
    printf("%.1f\n", ns);
    return 0;
}
