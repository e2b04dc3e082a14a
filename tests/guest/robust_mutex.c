/* SPDX-License-Identifier: BSD-3-Clause */
/* Mutexes whose owner ends: a thread, a process that exits, one that is killed; the next owner hears
 * of it, and may mend or give up the mutex. With musl not one of many that wait hears of it, now and
 * then, on Linux too. */
/* guest: libc=glibc */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

struct shared {
    pthread_mutex_t mutex, second;
    volatile int locked;
};

static struct shared *shared;

static void make(pthread_mutex_t *m, int protocol)
{
    pthread_mutexattr_t attributes;

    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setprotocol(&attributes, protocol);
    CHECK(pthread_mutex_init(m, &attributes) == 0);
}

static void *take_both(void *unused)
{
    pthread_mutex_lock(&shared->mutex);
    pthread_mutex_lock(&shared->second);
    return unused;
}

static void test_thread(void)
{
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, take_both, NULL) == 0);
    pthread_join(thread, NULL);
    CHECK(pthread_mutex_trylock(&shared->second) == EOWNERDEAD);
    CHECK(pthread_mutex_lock(&shared->mutex) == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(&shared->mutex) == 0);
    CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
    CHECK(pthread_mutex_lock(&shared->mutex) == 0);
    CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
    CHECK(pthread_mutex_unlock(&shared->second) == 0); /* not mended */
    CHECK(pthread_mutex_lock(&shared->second) == ENOTRECOVERABLE);
}

static void child_locks_and(int how)
{
    pthread_mutex_lock(&shared->mutex);
    shared->locked = 1;
    sched_yield();
    if (how == 0)
        _exit(0);
    if (how == 1)
        kill(getpid(), SIGKILL);
    if (how == 2)
        *(volatile int *)16 = 1;
    for (;;)
        pause();
}

static void test_process(int how)
{
    int status;

    shared->locked = 0;
    fflush(stdout);
    pid_t child = fork();
    if (!child)
        child_locks_and(how);
    while (!shared->locked)
        sched_yield();
    if (how == 3)
        kill(child, SIGKILL);
    CHECK(pthread_mutex_lock(&shared->mutex) == EOWNERDEAD); /* most often asleep */
    CHECK(pthread_mutex_consistent(&shared->mutex) == 0);
    CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
    CHECK(waitpid(child, &status, 0) == child);
}

static void *wait_for_it(void *unused)
{
    int result = pthread_mutex_lock(&shared->mutex);
    if (result == EOWNERDEAD)
        pthread_mutex_consistent(&shared->mutex);
    else
        CHECK(result == 0);
    __atomic_add_fetch(&shared->locked, result == EOWNERDEAD, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&shared->mutex);
    return unused;
}

static void *end_with_it(void *unused)
{
    pthread_mutex_lock(&shared->mutex);
    for (int i = 0; i < 100; i++)
        sched_yield();
    return unused;
}

/* One of many that wait hears of it. */
static void test_many_wait(void)
{
    pthread_t threads[10];

    shared->locked = 0;
    CHECK(pthread_create(&threads[0], NULL, end_with_it, NULL) == 0);
    for (int i = 1; i < 10; i++)
        CHECK(pthread_create(&threads[i], NULL, wait_for_it, NULL) == 0);
    for (int i = 0; i < 10; i++)
        pthread_join(threads[i], NULL);
    int result = pthread_mutex_lock(&shared->mutex);
    CHECK(shared->locked + (result == EOWNERDEAD) == 1);
    if (result == EOWNERDEAD)
        pthread_mutex_consistent(&shared->mutex);
    pthread_mutex_unlock(&shared->mutex);
}

int main(void)
{
    static const int protocols[] = {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT};

    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 2; i++) {
        make(&shared->mutex, protocols[i]);
        make(&shared->second, protocols[i]);
        test_thread();
        for (int how = 0; how < 4; how++)
            test_process(how);
        test_many_wait();
    }
    CHECK_DONE();
}
