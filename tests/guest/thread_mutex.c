/* SPDX-License-Identifier: BSD-3-Clause */
/* Fifty threads wait for one condition and then count under one mutex. */
#include "check.h"

#include <pthread.h>
#include <sched.h>

#define THREADS 50
#define ROUNDS 1000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t started = PTHREAD_COND_INITIALIZER;
static int go;
static long count;

static void *work(void *number)
{
    pthread_mutex_lock(&lock);
    while (!go)
        pthread_cond_wait(&started, &lock);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&lock);
        long seen = count;
        if (i % 10 == 0)
            sched_yield();
        count = seen + 1;
        pthread_mutex_unlock(&lock);
    }
    return number;
}

int main(void)
{
    pthread_t threads[THREADS];

    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    pthread_mutex_lock(&lock);
    go = 1;
    pthread_cond_broadcast(&started);
    pthread_mutex_unlock(&lock);
    for (long i = 0; i < THREADS; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0);
        CHECK(result == (void *)i);
    }
    CHECK(count == THREADS * ROUNDS);
    CHECK_DONE();
}
