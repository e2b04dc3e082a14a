/* SPDX-License-Identifier: BSD-3-Clause */
/* guest: memory=256M */
/* Thousands of threads come and go, a thousand are there at once: each has its own tid, its own
 * thread-local variables and its own stack; /proc/self/task lists them. Afterwards all is as before.
 * tests/system/test_process_stress.py runs it with more. */
#include "free_memory.h"

#include <dirent.h>
#include <pthread.h>
#include <semaphore.h>

#define ALIVE 1000
#define COMING 3000 /* unless an argument says how many */
#define AT_ONCE 100

static __thread long own = 42;
static __thread char zeros[100];
static sem_t ready, leave;
static volatile long tids[ALIVE];

static void *come_and_go(void *number)
{
    CHECK(own == 42 && zeros[99] == 0);
    own = (long)number;
    zeros[99] = 1;
    return (void *)(own + 1);
}

static void test_coming_and_going(int count)
{
    pthread_t threads[AT_ONCE];

    for (int done = 0; done < count; done += AT_ONCE) {
        for (long i = 0; i < AT_ONCE; i++)
            CHECK(pthread_create(&threads[i], NULL, come_and_go, (void *)i) == 0);
        for (long i = 0; i < AT_ONCE; i++) {
            void *result;
            CHECK(pthread_join(threads[i], &result) == 0 && result == (void *)(i + 1));
        }
    }
    CHECK(own == 42);
}

static void *stay(void *number)
{
    tids[(long)number] = gettid();
    own = (long)number;
    sem_post(&ready);
    sem_wait(&leave);
    return own == (long)number ? NULL : (void *)1;
}

static int listed_threads(void)
{
    DIR *d = opendir("/proc/self/task");
    int count = 0;

    while (d && readdir(d))
        count++;
    if (d)
        closedir(d);
    return count - 2; /* . and .. */
}

static int compare(const void *a, const void *b)
{
    return (int)(*(const long *)a - *(const long *)b);
}

static void test_a_thousand(void)
{
    static pthread_t threads[ALIVE];

    for (long i = 0; i < ALIVE; i++) {
        if (pthread_create(&threads[i], NULL, stay, (void *)i)) {
            printf("only %ld threads\n", i);
            exit(1);
        }
    }
    for (int i = 0; i < ALIVE; i++)
        sem_wait(&ready);
    CHECK(listed_threads() == ALIVE + 1);
    qsort((void *)tids, ALIVE, sizeof(tids[0]), compare);
    for (int i = 1; i < ALIVE; i++)
        CHECK(tids[i] > tids[i - 1]);
    for (int i = 0; i < ALIVE; i++)
        sem_post(&leave);
    for (int i = 0; i < ALIVE; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0 && !result);
    }
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : COMING;

    sem_init(&ready, 0, 0);
    sem_init(&leave, 0, 0);
    for (int round = 0; round < FREE_ROUNDS; round++) {
        test_coming_and_going(count);
        test_a_thousand();
        note_free(round);
    }
    check_free();
    CHECK_DONE();
}
