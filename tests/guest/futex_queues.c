/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is woken: in order, by bits, moved to another futex, by one of several; private and shared
 * futexes of one word are two. A wait that a signal interrupts goes on. */
#include "futex.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define THREADS 4

static uint32_t word, other;
static volatile long tids[THREADS];
static volatile long results[THREADS];
static volatile int order[THREADS];
static unsigned places_taken, arrived;
static pthread_t threads[THREADS];

struct wait {
    int operation;
    uint32_t *word;
    uint32_t bits;
} waits[THREADS];

static void *wait_once(void *number)
{
    struct wait *w = &waits[(long)number];
    tids[(long)number] = gettid();
    long result = futex(w->word, w->operation, 0, NULL, NULL, w->bits);
    results[(long)number] = result < 0 ? -errno : result;
    unsigned place = __atomic_fetch_add(&places_taken, 1, __ATOMIC_SEQ_CST);
    order[place % THREADS] = (int)(long)number;
    __atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST); /* last: who sees it sees the order */
    return NULL;
}

static void start(long number, int operation, uint32_t *on, uint32_t bits)
{
    waits[number] = (struct wait){operation, on, bits};
    tids[number] = 0;
    results[number] = 77;
    CHECK(pthread_create(&threads[number], NULL, wait_once, (void *)number) == 0);
    await_sleep(&tids[number]);
}

static void finish(int count)
{
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        CHECK(results[i] == 0);
    }
}

static void test_order(void)
{
    places_taken = arrived = 0;
    for (int i = 0; i < THREADS; i++)
        start(i, FUTEX_WAIT_PRIVATE, &word, 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 1);
        while (__atomic_load_n(&arrived, __ATOMIC_SEQ_CST) <= (unsigned)i)
            ;
        CHECK(order[i] == i);
    }
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0);
    finish(THREADS);
}

static void test_counts(void)
{
    for (int i = 0; i < THREADS; i++)
        start(i, FUTEX_WAIT_PRIVATE, &word, 0);
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 0, NULL, NULL, 0) == 1); /* as ever */
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0) == 2);
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0) == 1);
    finish(THREADS);
}

static void test_bits(void)
{
    for (int i = 0; i < THREADS; i++)
        start(i, FUTEX_WAIT_BITSET_PRIVATE, &word, 1u << i);
    CHECK(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 0x100) == 0);
    CHECK(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 9, NULL, NULL, 0x6) == 2);
    CHECK(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, UINT32_MAX) == 1);
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1);
    finish(THREADS);
}

static void test_moves(void)
{
    for (int i = 0; i < THREADS; i++)
        start(i, FUTEX_WAIT_PRIVATE, &word, 0);
    CHECK(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &other, 0) == 3);
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1);
    CHECK(futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 2);
    finish(THREADS);
    start(0, FUTEX_WAIT_PRIVATE, &word, 0);
    CHECK(futex(&word, FUTEX_REQUEUE_PRIVATE, 0, (void *)1, &other, 0) == 1);
    CHECK(futex(&other, FUTEX_REQUEUE_PRIVATE, 0, (void *)1, &other, 0) == 1);
    CHECK(futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1);
    finish(1);
}

static void test_wake_op(void)
{
    start(0, FUTEX_WAIT_PRIVATE, &word, 0);
    start(1, FUTEX_WAIT_PRIVATE, &other, 0);
    CHECK(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other,
                FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_GT, 0)) == 1);
    CHECK(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other,
                FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_LE, 0)) == 1);
    finish(2);
}

static void test_private_is_not_shared(void)
{
    start(0, FUTEX_WAIT_PRIVATE, &word, 0);
    CHECK(futex(&word, FUTEX_WAKE, 9, NULL, NULL, 0) == 0);
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1);
    finish(1);
    start(0, FUTEX_WAIT, &word, 0);
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 0);
    CHECK(futex(&word, FUTEX_WAKE, 9, NULL, NULL, 0) == 1);
    finish(1);
}

/* One page, mapped twice: two addresses, one futex. */
static void test_two_addresses(void)
{
    int fd = (int)syscall(SYS_memfd_create, "words", 0);
    uint32_t *one, *two;

    CHECK(fd >= 0 && ftruncate(fd, 8192) == 0);
    one = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    two = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
    start(0, FUTEX_WAIT, one + 1024, 0);
    CHECK(futex(two + 1, FUTEX_WAKE, 9, NULL, NULL, 0) == 0);
    CHECK(futex(two, FUTEX_WAKE, 9, NULL, NULL, 0) == 1);
    finish(1);
    start(0, FUTEX_WAIT_PRIVATE, one + 1024, 0);
    CHECK(futex(two, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 0);
    CHECK(futex(one + 1024, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1);
    finish(1);
    munmap(one, 8192);
    munmap(two, 4096);
    close(fd);
}

static void test_between_processes(void)
{
    uint32_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = -1;

    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        for (uint32_t round = 0; round < 100; round++) {
            while (__atomic_load_n(&shared[0], __ATOMIC_SEQ_CST) == round)
                futex(&shared[0], FUTEX_WAIT, round, NULL, NULL, 0);
            __atomic_store_n(&shared[1], round + 1, __ATOMIC_SEQ_CST);
            futex(&shared[1], FUTEX_WAKE, 1, NULL, NULL, 0);
        }
        _exit(5);
    }
    for (uint32_t round = 0; round < 100; round++) {
        __atomic_store_n(&shared[0], round + 1, __ATOMIC_SEQ_CST);
        futex(&shared[0], FUTEX_WAKE, 1, NULL, NULL, 0);
        while (__atomic_load_n(&shared[1], __ATOMIC_SEQ_CST) == round)
            futex(&shared[1], FUTEX_WAIT, round, NULL, NULL, 0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 5);
    munmap(shared, 4096);
}

struct waiter {
    uint64_t value, address;
    uint32_t flags, reserved;
};

static void *wait_for_many(void *number)
{
    struct waiter w[3] = {{0, (uint64_t)&word, 2 | 128, 0},
                          {0, (uint64_t)&other, 2 | 128, 0},
                          {0, (uint64_t)&waits, 2 | 128, 0}};
    waits[0].operation = 0;
    tids[(long)number] = gettid();
    long result = syscall(449, w, 3, 0, NULL, 0);
    results[(long)number] = result < 0 ? -errno : result;
    return NULL;
}

static void test_many(void)
{
    tids[0] = 0;
    CHECK(pthread_create(&threads[0], NULL, wait_for_many, NULL) == 0);
    await_sleep(&tids[0]);
    CHECK(futex(&other, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1);
    pthread_join(threads[0], NULL);
    CHECK(results[0] == 1);
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 0);
}

static volatile int handled;
static void handle(int signal) { handled = signal; }

/* Without a timeout SA_RESTART decides; with one a handler always ends the wait. */
static void test_signals(void)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};

    sigaction(SIGUSR1, &action, NULL);
    start(0, FUTEX_WAIT_PRIVATE, &word, 0);
    pthread_kill(threads[0], SIGUSR1);
    while (!handled)
        ;
    await_sleep(&tids[0]);
    CHECK(futex(&word, FUTEX_WAKE_PRIVATE, 9, NULL, NULL, 0) == 1);
    finish(1);
    action.sa_flags = 0;
    sigaction(SIGUSR1, &action, NULL);
    start(0, FUTEX_WAIT_PRIVATE, &word, 0);
    pthread_kill(threads[0], SIGUSR1);
    pthread_join(threads[0], NULL);
    CHECK(results[0] == -EINTR);
}

int main(void)
{
    test_order();
    test_counts();
    test_bits();
    test_moves();
    test_wake_op();
    test_private_is_not_shared();
    test_two_addresses();
    test_between_processes();
    test_many();
    test_signals();
    CHECK_DONE();
}
