/* SPDX-License-Identifier: BSD-3-Clause */
/* Policies, priorities and niceness: what is set is read back, per thread, and inherited; errors as
 * Linux's; a higher real-time priority runs first. Without root the refusals are tested. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NOBODY 0x3ffffff0

struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t util_min, util_max;
    uint64_t beyond[8];
};

static long set_scheduler(long tid, int policy, int priority)
{
    struct sched_param param = {.sched_priority = priority};
    return syscall(SYS_sched_setscheduler, tid, policy, &param);
}

static int priority_of(long tid)
{
    struct sched_param param = {.sched_priority = -1};
    CHECK(syscall(SYS_sched_getparam, tid, &param) == 0);
    return param.sched_priority;
}

static void test_errors(void)
{
    struct sched_param param = {0};
    struct attributes a = {0};
    struct timespec t;

    CHECK_ERRNO(set_scheduler(-1, SCHED_OTHER, 0), EINVAL);
    CHECK_ERRNO(set_scheduler(0, -1, 0), EINVAL);
    CHECK_ERRNO(set_scheduler(0, 77, 0), EINVAL);
    CHECK_ERRNO(set_scheduler(0, SCHED_OTHER, 1), EINVAL);
    CHECK_ERRNO(set_scheduler(0, SCHED_FIFO, 0), EINVAL);
    CHECK_ERRNO(set_scheduler(0, SCHED_RR, 100), EINVAL);
    CHECK_ERRNO(set_scheduler(0, 6, 0), EINVAL); /* SCHED_DEADLINE */
    CHECK_ERRNO(set_scheduler(NOBODY, SCHED_OTHER, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_setscheduler, 0, 0, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_setscheduler, 0, 0, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_sched_getscheduler, -1), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getscheduler, NOBODY), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_setparam, 0, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_sched_setparam, -1, &param), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_setparam, NOBODY, &param), ESRCH);
    param.sched_priority = 3;
    CHECK_ERRNO(syscall(SYS_sched_setparam, 0, &param), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getparam, NOBODY, &param), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_getparam, 0, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getparam, 0, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, -1, &t), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, NOBODY, &t), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_rr_get_interval, 0, BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, NULL, sizeof(a), 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &a, 47, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &a, 4097, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, &a, 48, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getattr, NOBODY, &a, 48, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_getattr, 0, BAD_POINTER, 48, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, NULL, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_setattr, -1, &a, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_setattr, NOBODY, &a, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, BAD_POINTER, 0), EFAULT);
    a.size = 47;
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 0), E2BIG);
    CHECK(a.size >= 56);
    a.size = sizeof(a);
    a.beyond[3] = 1;
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 0), E2BIG);
    a = (struct attributes){.size = 56, .policy = 77};
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 0), EINVAL);
    a = (struct attributes){.size = 56, .flags = 0x1000};
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 0), EINVAL);
}

static void test_affinity(void)
{
    unsigned long mask[16] = {0}, first;

    CHECK(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) >= 8);
    first = mask[0] & -mask[0];
    mask[0] = first;
    CHECK(syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask) == 0);
    CHECK(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask) >= 8 && mask[0] == first);
    CHECK_ERRNO(syscall(SYS_sched_getaffinity, 0, 12, mask), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_getaffinity, NOBODY, sizeof(mask), mask), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_getaffinity, 0, sizeof(mask), BAD_POINTER), EFAULT);
    CHECK_ERRNO(syscall(SYS_sched_setaffinity, NOBODY, sizeof(mask), mask), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_setaffinity, 0, sizeof(mask), BAD_POINTER), EFAULT);
    mask[0] = 0;
    CHECK_ERRNO(syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask), EINVAL);
    CHECK_ERRNO(syscall(SYS_sched_setaffinity, 0, 0, mask), EINVAL);
}

static void test_nice(void)
{
    struct attributes a = {0};

    CHECK(syscall(SYS_getpriority, PRIO_PROCESS, 0) == 20);
    CHECK(syscall(SYS_setpriority, PRIO_PROCESS, 0, 5) == 0);
    CHECK(syscall(SYS_getpriority, PRIO_PROCESS, gettid()) == 15);
    CHECK(syscall(SYS_sched_getattr, 0, &a, 56, 0) == 0 && a.nice == 5 && a.size == 56);
    CHECK(syscall(SYS_setpriority, PRIO_PROCESS, 0, 1000) == 0);
    CHECK(syscall(SYS_getpriority, PRIO_PROCESS, 0) == 1);
    a = (struct attributes){.size = 48, .nice = 19};
    CHECK(syscall(SYS_sched_setattr, 0, &a, 0) == 0);
    CHECK_ERRNO(syscall(SYS_getpriority, 3, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PROCESS, NOBODY), ESRCH);
    CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PGRP, NOBODY), ESRCH);
    CHECK_ERRNO(syscall(SYS_getpriority, PRIO_USER, 54321), ESRCH);
    CHECK_ERRNO(syscall(SYS_setpriority, -1, 0, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_setpriority, PRIO_PROCESS, NOBODY, 0), ESRCH);
    if (geteuid() == 0)
        CHECK(syscall(SYS_setpriority, PRIO_PROCESS, 0, 0) == 0);
    else
        CHECK_ERRNO(syscall(SYS_setpriority, PRIO_PROCESS, 0, 0), EACCES);
}

static void *see_nice(void *result)
{
    *(long *)result = syscall(SYS_getpriority, PRIO_PROCESS, 0);
    CHECK(syscall(SYS_setpriority, PRIO_PROCESS, 0, 19) == 0);
    return NULL;
}

static void test_nice_of_threads(void)
{
    long before = syscall(SYS_getpriority, PRIO_PROCESS, 0), seen = 0;
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, see_nice, &seen) == 0);
    pthread_join(thread, NULL);
    CHECK(seen == before);
    CHECK(syscall(SYS_getpriority, PRIO_PROCESS, 0) == before);
}

static void test_refused(void)
{
    struct attributes a = {.size = 56, .policy = SCHED_FIFO, .priority = 1};

    CHECK_ERRNO(set_scheduler(0, SCHED_FIFO, 1), EPERM);
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, &a, 0), EPERM);
    CHECK_ERRNO(set_scheduler(1, SCHED_OTHER, 0), EPERM);
}

static int order[8], count;

static void *note(void *number)
{
    order[count++] = (int)(long)number;
    return NULL;
}

/* Of threads that were made runnable in one order, the highest priority runs first. */
static void test_realtime_order(void)
{
    static const int priorities[] = {10, 30, 20};
    pthread_t threads[3];
    pthread_attr_t attributes;

    CHECK(set_scheduler(0, SCHED_FIFO, 50) == 0);
    for (int i = 0; i < 3; i++) {
        struct sched_param param = {.sched_priority = priorities[i]};
        pthread_attr_init(&attributes);
        pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
        pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
        pthread_attr_setschedparam(&attributes, &param);
        CHECK(pthread_create(&threads[i], &attributes, note, (void *)(long)priorities[i]) == 0);
    }
    CHECK(count == 0); /* one CPU, and ours is the highest */
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    CHECK(order[0] == 30 && order[1] == 20 && order[2] == 10);
    CHECK(set_scheduler(0, SCHED_OTHER, 0) == 0);
}

static void test_realtime(void)
{
    struct attributes a = {0};
    struct timespec t = {9, 9};

    CHECK(set_scheduler(0, SCHED_RR, 7) == 0);
    CHECK(syscall(SYS_sched_getscheduler, 0) == SCHED_RR && priority_of(gettid()) == 7);
    CHECK(syscall(SYS_sched_rr_get_interval, 0, &t) == 0 && t.tv_sec == 0 && t.tv_nsec > 0);
    CHECK(set_scheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, 8) == 0);
    CHECK(syscall(SYS_sched_getscheduler, 0) == (SCHED_FIFO | SCHED_RESET_ON_FORK));
    CHECK(syscall(SYS_sched_rr_get_interval, 0, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 0);
    CHECK(syscall(SYS_sched_getattr, 0, &a, 48, 0) == 0);
    CHECK(a.size == 48 && a.policy == SCHED_FIFO && a.priority == 8 && a.flags == 1);
    a = (struct attributes){.size = 56, .policy = SCHED_BATCH, .nice = -3};
    CHECK(syscall(SYS_sched_setattr, 0, &a, 0) == 0);
    CHECK(syscall(SYS_sched_getscheduler, 0) == SCHED_BATCH);
    CHECK(syscall(SYS_getpriority, PRIO_PROCESS, 0) == 23);
    CHECK(set_scheduler(0, SCHED_IDLE, 0) == 0 && set_scheduler(0, SCHED_OTHER, 0) == 0);
    test_realtime_order();
}

int main(void)
{
    unsigned cpu = 99, node = 99;

    test_affinity();
    test_errors();
    CHECK(syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && cpu < 1024 && node < 1024);
    CHECK_ERRNO(syscall(SYS_getcpu, BAD_POINTER, NULL, NULL), EFAULT);
    CHECK(syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER && priority_of(0) == 0);
    CHECK(set_scheduler(0, SCHED_BATCH, 0) == 0 && set_scheduler(0, SCHED_OTHER, 0) == 0);
    test_nice();
    test_nice_of_threads();
    if (geteuid() == 0)
        test_realtime();
    else
        test_refused();
    CHECK_DONE();
}
