/* SPDX-License-Identifier: BSD-3-Clause */
/* Locks with priority inheritance: handed over in order, refused in a ring, inherited from an owner
 * that ended, joined through a condition; with root, priorities are lent along a chain. */
#include "futex.h"

#include <sched.h>

static uint32_t lock_a, lock_b, condition;
static volatile long tids[4];
static volatile int done[4];

static long lock(uint32_t *word) { return futex(word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0); }
static long unlock(uint32_t *word)
{
    return futex(word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
}

static void start(pthread_t *thread, void *(*work)(void *), long number)
{
    tids[number] = 0;
    done[number] = 0;
    CHECK(pthread_create(thread, NULL, work, (void *)number) == 0);
}

static pthread_mutex_t mutex;
static long count;

static void *contend(void *unused)
{
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&mutex);
        long seen = count;
        if (i % 8 == 0)
            sched_yield();
        count = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static void test_storm(void)
{
    pthread_mutexattr_t attributes;
    pthread_t threads[8];

    pthread_mutexattr_init(&attributes);
    if (pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT))
        return; /* an old musl */
    pthread_mutex_init(&mutex, &attributes);
    for (int i = 0; i < 8; i++)
        CHECK(pthread_create(&threads[i], NULL, contend, NULL) == 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK(count == 8 * 500);
}

static void *lock_b_then_a(void *number)
{
    CHECK(lock(&lock_b) == 0);
    tids[(long)number] = gettid();
    CHECK(lock(&lock_a) == 0);
    done[(long)number] = 1;
    CHECK(unlock(&lock_a) == 0 && unlock(&lock_b) == 0);
    return NULL;
}

static void test_ring(void)
{
    pthread_t thread;

    CHECK(lock(&lock_a) == 0);
    start(&thread, lock_b_then_a, 0);
    await_sleep(&tids[0]);
    CHECK(lock_a == ((uint32_t)gettid() | FUTEX_WAITERS));
    CHECK_ERRNO(lock(&lock_b), EDEADLK);
    CHECK_ERRNO(futex(&lock_a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(&lock_a, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, &lock_b, 0), EINVAL);
    CHECK(!done[0] && unlock(&lock_a) == 0);
    pthread_join(thread, NULL);
    CHECK(done[0] && !(lock_a & FUTEX_TID_MASK) && !(lock_b & FUTEX_TID_MASK));
}

static void *lock_a_for_a_while(void *number)
{
    struct timespec soon;

    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_sec++;
        soon.tv_nsec -= 1000000000;
    }
    tids[(long)number] = gettid();
    CHECK_ERRNO(futex(&lock_a, FUTEX_LOCK_PI_PRIVATE, 0, &soon, NULL, 0), ETIMEDOUT);
    return NULL;
}

static void test_timeout(void)
{
    pthread_t thread;

    CHECK(lock(&lock_a) == 0);
    start(&thread, lock_a_for_a_while, 0);
    pthread_join(thread, NULL);
    CHECK(unlock(&lock_a) == 0 && !(lock_a & FUTEX_TID_MASK));
}

static void *take_and_end(void *number)
{
    CHECK(lock(&lock_a) == 0);
    tids[(long)number] = gettid();
    while (!done[(long)number])
        sched_yield();
    syscall(SYS_exit, 0); /* without a word to anybody */
    return NULL;
}

static void *wait_for_a(void *number)
{
    tids[(long)number] = gettid();
    CHECK(lock(&lock_a) == 0);
    CHECK((lock_a & FUTEX_TID_MASK) == (uint32_t)gettid());
    done[(long)number] = (lock_a & FUTEX_OWNER_DIED) ? 2 : 1;
    CHECK(unlock(&lock_a) == 0);
    return NULL;
}

static void test_owner_ends(void)
{
    pthread_t owner, waiters[2];

    lock_a = 0;
    start(&owner, take_and_end, 0);
    while (!tids[0])
        sched_yield();
    start(&waiters[0], wait_for_a, 1);
    await_sleep(&tids[1]);
    start(&waiters[1], wait_for_a, 2);
    await_sleep(&tids[2]);
    done[0] = 1;
    pthread_join(waiters[0], NULL);
    pthread_join(waiters[1], NULL);
    CHECK(done[1] == 2 && done[2] == 1);
    CHECK(!(lock_a & FUTEX_TID_MASK));
}

static void *wait_for_condition(void *number)
{
    tids[(long)number] = gettid();
    CHECK(futex(&condition, FUTEX_WAIT_REQUEUE_PI_PRIVATE, 0, NULL, &lock_a, 0) == 0);
    CHECK((lock_a & FUTEX_TID_MASK) == (uint32_t)gettid());
    done[(long)number] = 1;
    CHECK(unlock(&lock_a) == 0);
    return NULL;
}

static long signal_condition(long others)
{
    return futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, (void *)others, &lock_a, 0);
}

static void test_condition(void)
{
    pthread_t threads[3];

    lock_a = 0;
    for (int i = 0; i < 3; i++) {
        start(&threads[i], wait_for_condition, i);
        await_sleep(&tids[i]);
    }
    CHECK_ERRNO(futex(&condition, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(&condition, FUTEX_CMP_REQUEUE_PI_PRIVATE, 1, NULL, &lock_b, 0), EINVAL);
    CHECK(signal_condition(0) == 1); /* the lock was free: the first has it */
    pthread_join(threads[0], NULL);
    CHECK(done[0] && !done[1] && !done[2]);
    CHECK(lock(&lock_a) == 0);
    CHECK(signal_condition(10) == 2); /* both wait for us */
    CHECK(lock_a == ((uint32_t)gettid() | FUTEX_WAITERS));
    CHECK(!done[1] && !done[2] && unlock(&lock_a) == 0);
    pthread_join(threads[1], NULL);
    pthread_join(threads[2], NULL);
    CHECK(done[1] && done[2]);
}

/* --- as root --- */

static void set_priority(int priority)
{
    struct sched_param param = {.sched_priority = priority};
    CHECK(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &param) == 0);
}

static volatile int order, low_at, middle_at;

static void *low(void *unused)
{
    set_priority(1);
    CHECK(lock(&lock_a) == 0);
    tids[0] = gettid();
    while (!done[0])
        ;
    low_at = ++order;
    CHECK(unlock(&lock_a) == 0);
    return unused;
}

static void *chain(void *unused)
{
    set_priority(2);
    CHECK(lock(&lock_b) == 0);
    tids[1] = gettid();
    CHECK(lock(&lock_a) == 0 && unlock(&lock_a) == 0 && unlock(&lock_b) == 0);
    return unused;
}

static void *middle(void *unused)
{
    set_priority(10);
    middle_at = ++order;
    return unused;
}

static void *high(void *unused)
{
    set_priority(20);
    tids[2] = gettid();
    CHECK(lock(&lock_b) == 0 && unlock(&lock_b) == 0);
    return unused;
}

/* high waits for chain's lock, chain for low's: low runs before middle. */
static void test_lending(void)
{
    struct timespec pause = {0, 1000000};
    pthread_t threads[4];
    cpu_set_t one;

    CPU_ZERO(&one);
    CHECK(sched_getaffinity(0, sizeof(one), &one) == 0);
    for (int cpu = 0, found = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &one) && found++)
            CPU_CLR(cpu, &one);
    }
    CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
    lock_a = lock_b = 0;
    set_priority(30);
    start(&threads[0], low, 0);
    while (!tids[0])
        nanosleep(&pause, NULL);
    start(&threads[1], chain, 1);
    await_sleep(&tids[1]);
    start(&threads[2], high, 2);
    await_sleep(&tids[2]);
    CHECK(pthread_create(&threads[3], NULL, middle, NULL) == 0);
    done[0] = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK(low_at == 1 && middle_at == 2);
}

int main(void)
{
    test_storm();
    test_ring();
    test_timeout();
    test_owner_ends();
    test_condition();
    if (geteuid() == 0)
        test_lending();
    CHECK_DONE();
}
