/* SPDX-License-Identifier: BSD-3-Clause */
/* Storms on everything that threads agree with: barriers, rwlocks, semaphores, conditions with and
 * without timeouts, once, keys, spinning threads that only preemption brings forward. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <time.h>

#define THREADS 16
#define ROUNDS 500

static void run(void *(*start)(void *), int count)
{
    pthread_t threads[THREADS];

    for (long i = 0; i < count; i++)
        CHECK(pthread_create(&threads[i], NULL, start, (void *)i) == 0);
    for (int i = 0; i < count; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

static pthread_barrier_t barrier;
static int passed[ROUNDS];
static int serial;

static void *meet(void *unused)
{
    for (int i = 0; i < ROUNDS; i++) {
        __atomic_add_fetch(&passed[i], 1, __ATOMIC_SEQ_CST);
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            __atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
        CHECK(__atomic_load_n(&passed[i], __ATOMIC_SEQ_CST) == THREADS);
    }
    return unused;
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long left, right;

static void *read_and_write(void *number)
{
    for (int i = 0; i < ROUNDS; i++) {
        if ((i + (long)number) % 4 == 0) {
            pthread_rwlock_wrlock(&rwlock);
            left++;
            if (i % 16 == 0)
                sched_yield();
            right++;
        } else {
            pthread_rwlock_rdlock(&rwlock);
            CHECK(left == right);
            if (i % 16 == 1)
                sched_yield();
            CHECK(left == right);
        }
        pthread_rwlock_unlock(&rwlock);
    }
    return NULL;
}

static sem_t items, places;
static int ring[8], ring_in, ring_out;
static long taken;
static pthread_mutex_t ring_lock = PTHREAD_MUTEX_INITIALIZER;

static void *give_and_take(void *number)
{
    for (int i = 0; i < ROUNDS; i++) {
        bool gives = (long)number % 2;
        sem_wait(gives ? &places : &items);
        pthread_mutex_lock(&ring_lock);
        if (gives)
            ring[ring_in++ % 8] = i;
        else
            taken += ring[ring_out++ % 8];
        pthread_mutex_unlock(&ring_lock);
        sem_post(gives ? &items : &places);
    }
    return NULL;
}

static pthread_mutex_t turn_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static long turn;

static void *take_turns(void *number)
{
    for (int i = 0; i < 100; i++) {
        struct timespec soon;
        pthread_mutex_lock(&turn_lock);
        while (turn % THREADS != (long)number) {
            clock_gettime(CLOCK_REALTIME, &soon);
            soon.tv_sec += 100;
            CHECK(pthread_cond_timedwait(&turn_changed, &turn_lock, &soon) == 0);
        }
        turn++;
        pthread_cond_broadcast(&turn_changed);
        pthread_mutex_unlock(&turn_lock);
    }
    return NULL;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int initialised, destroyed;
static pthread_key_t key;

static void initialise(void) { initialised++; }
static void destroy(void *value)
{
    __atomic_add_fetch(&destroyed, value == &key, __ATOMIC_SEQ_CST);
}

static void *use_once(void *unused)
{
    pthread_once(&once, initialise);
    CHECK(initialised == 1 && !pthread_getspecific(key));
    pthread_setspecific(key, &key);
    return unused;
}

/* Without a system call: each waits for the other's write. */
static volatile long steps;

static void *spin(void *number)
{
    for (int i = 0; i < 5; i++) {
        while (steps % 2 != (long)number)
            ;
        steps++;
    }
    return NULL;
}

static void test_timeouts(void)
{
    struct timespec past = {1, 0};

    pthread_mutex_lock(&turn_lock);
    CHECK(pthread_cond_timedwait(&turn_changed, &turn_lock, &past) == ETIMEDOUT);
    CHECK(pthread_mutex_timedlock(&turn_lock, &past) == ETIMEDOUT);
    CHECK(pthread_mutex_trylock(&turn_lock) == EBUSY);
    pthread_mutex_unlock(&turn_lock);
    CHECK_ERRNO(sem_timedwait(&items, &past), ETIMEDOUT);
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, THREADS);
    sem_init(&items, 0, 0);
    sem_init(&places, 0, 8);
    pthread_key_create(&key, destroy);
    run(meet, THREADS);
    CHECK(serial == ROUNDS);
    run(read_and_write, THREADS);
    CHECK(left == right && left == THREADS * ROUNDS / 4);
    run(give_and_take, THREADS);
    CHECK(taken == (long)THREADS / 2 * (ROUNDS * (ROUNDS - 1) / 2));
    run(take_turns, THREADS);
    CHECK(turn == THREADS * 100);
    run(use_once, THREADS);
    CHECK(initialised == 1 && destroyed == THREADS);
    run(spin, 2);
    CHECK(steps == 10);
    test_timeouts();
    CHECK_DONE();
}
