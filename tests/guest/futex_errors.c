/* SPDX-License-Identifier: BSD-3-Clause */
/* Each operation of futex(2) with what is wrong about its arguments, and what it returns when
 * nobody waits; futex_wake, futex_wait, futex_requeue and futex_waitv the same. */
#include "futex.h"

#include <signal.h>
#include <sys/mman.h>

static uint32_t word = 5, other = 7;
static void *hole, *readable, *shared_readable;

#define NOWHERE ((void *)0xffff800000000000ul)

static void test_wait(void)
{
    struct timespec bad = {0, 1000000000}, short_time = {0, 1000000}, past = {0, 0};
    struct timespec negative = {-1, 0};

    CHECK_ERRNO(futex(&word, FUTEX_WAIT, 6, NULL, NULL, 0), EAGAIN);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_PRIVATE, 5, &short_time, NULL, 0), ETIMEDOUT);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT, 5, &past, NULL, 0), ETIMEDOUT);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT, 5, &bad, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT, 5, &negative, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT, 6, BAD_POINTER, NULL, 0), EFAULT);
    CHECK_ERRNO(futex((char *)&word + 1, FUTEX_WAIT, 5, NULL, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(hole, FUTEX_WAIT, 5, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex(hole, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex(NOWHERE, FUTEX_WAIT_PRIVATE, 5, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT | FUTEX_CLOCK_REALTIME, 5, NULL, NULL, 0), ENOSYS);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET, 5, &past, NULL, 1), ETIMEDOUT);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 5, &past, NULL, 1),
                ETIMEDOUT);
    CHECK_ERRNO(futex(readable, FUTEX_WAIT_PRIVATE, 0, &short_time, NULL, 0), ETIMEDOUT);
    CHECK_ERRNO(futex(readable, FUTEX_WAIT, 0, &short_time, NULL, 0), EFAULT);
    CHECK_ERRNO(futex(shared_readable, FUTEX_WAIT, 0, &short_time, NULL, 0), ETIMEDOUT);
}

static void test_wake(void)
{
    CHECK(futex(&word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0);
    CHECK(futex(hole, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0);
    CHECK_ERRNO(futex(hole, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex(NOWHERE, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex((char *)&word + 2, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
    CHECK(futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 4) == 0);
    CHECK_ERRNO(futex(&word, FUTEX_WAKE | FUTEX_CLOCK_REALTIME, 1, NULL, NULL, 0), ENOSYS);
    CHECK_ERRNO(futex(&word, FUTEX_FD, 1, NULL, NULL, 0), ENOSYS);
    CHECK_ERRNO(futex(&word, 14, 1, NULL, NULL, 0), ENOSYS);
}

static void test_requeue(void)
{
    CHECK(futex(&word, FUTEX_REQUEUE, 1, (void *)1, &other, 0) == 0);
    CHECK_ERRNO(futex(&word, FUTEX_REQUEUE, (uint32_t)-1, (void *)1, &other, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_REQUEUE, 1, (void *)(long)-1, &other, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_REQUEUE, 1, (void *)1, (char *)&other + 1, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_REQUEUE, 1, (void *)1, hole, 0), EFAULT);
    CHECK(futex(&word, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, hole, 0) == 0);
    CHECK_ERRNO(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 6), EAGAIN);
    CHECK(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 5) == 0);
    CHECK_ERRNO(futex(hole, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, &other, 5), EFAULT);
}

static void test_wake_op(void)
{
    CHECK(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other,
                FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 7)) == 0);
    CHECK(other == 10);
    futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(FUTEX_OP_SET, 0xfff, 0, 0));
    CHECK(other == UINT32_MAX); /* twelve bits with sign */
    futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other,
          FUTEX_OP((FUTEX_OP_ANDN | FUTEX_OP_OPARG_SHIFT), 31, 0, 0));
    CHECK(other == 0x7fffffff);
    futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(FUTEX_OP_XOR, 3, 0, 0));
    CHECK(other == 0x7ffffffc);
    futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(FUTEX_OP_OR, 2, 0, 0));
    CHECK(other == 0x7ffffffe);
    other = 7;
    CHECK_ERRNO(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(6, 1, 0, 0)), ENOSYS);
    CHECK_ERRNO(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, &other, FUTEX_OP(0, 7, 9, 0)), ENOSYS);
    CHECK_ERRNO(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, hole, 0), EFAULT);
    CHECK_ERRNO(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, hole, 0), EFAULT);
    CHECK_ERRNO(futex(&word, FUTEX_WAKE_OP, 1, (void *)1, (char *)&other + 1, 0), EINVAL);
}

static void test_pi(void)
{
    uint32_t lock = 0, me = (uint32_t)gettid();
    struct timespec past = {0, 0}, bad = {0, -1};

    CHECK(futex(&lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0 && lock == me);
    CHECK_ERRNO(futex(&lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EDEADLK);
    CHECK_ERRNO(futex(&lock, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0), EDEADLK);
    CHECK(futex(&lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0 && lock == 0);
    CHECK_ERRNO(futex(&lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
    CHECK(futex(&lock, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) == 0 && lock == me);
    CHECK(futex(&lock, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0);
    CHECK(futex(&lock, FUTEX_LOCK_PI2, 0, &past, NULL, 0) == 0);
    CHECK_ERRNO(futex(&lock, FUTEX_LOCK_PI2, 0, &bad, NULL, 0), EINVAL);
    lock = 0x3ffffff0; /* an owner that is not there */
    CHECK_ERRNO(futex(&lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0), ESRCH);
    CHECK(lock == (0x3ffffff0 | FUTEX_WAITERS));
    CHECK_ERRNO(futex(&lock, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0), EPERM);
    lock = FUTEX_OWNER_DIED | FUTEX_WAITERS;
    CHECK(futex(&lock, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0);
    CHECK(lock == (me | FUTEX_OWNER_DIED));
    CHECK_ERRNO(futex(hole, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex(hole, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex(hole, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EFAULT);
    CHECK_ERRNO(futex((char *)&lock + 1, FUTEX_LOCK_PI, 0, NULL, NULL, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_REQUEUE_PI, 5, NULL, &word, 0), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_REQUEUE_PI, 6, NULL, &lock, 0), EAGAIN);
    CHECK_ERRNO(futex(&word, FUTEX_WAIT_REQUEUE_PI, 5, &past, &lock, 0), ETIMEDOUT);
    CHECK_ERRNO(futex(&word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &word, 5), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_CMP_REQUEUE_PI, 2, (void *)1, &lock, 5), EINVAL);
    CHECK_ERRNO(futex(&word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &lock, 6), EAGAIN);
    CHECK(futex(&word, FUTEX_CMP_REQUEUE_PI, 1, (void *)1, &lock, 5) == 0);
}

struct waiter {
    uint64_t value, address;
    uint32_t flags, reserved;
};

#define SIZE_U32 2
#define PRIVATE 128
#define futex_waitv(...) syscall(449, __VA_ARGS__)
#define futex_wake(...) syscall(454, __VA_ARGS__)
#define futex_wait(...) syscall(455, __VA_ARGS__)
#define futex_requeue(...) syscall(456, __VA_ARGS__)

static void test_waitv(void)
{
    struct waiter w[2] = {{5, (uint64_t)&word, SIZE_U32, 0}, {8, (uint64_t)&other, SIZE_U32, 0}};
    struct timespec past = {0, 0}, bad = {0, 1000000000};

    CHECK_ERRNO(futex_waitv(w, 2, 0, NULL, 0), EAGAIN);
    CHECK_ERRNO(futex_waitv(w, 1, 0, &past, CLOCK_MONOTONIC), ETIMEDOUT);
    CHECK_ERRNO(futex_waitv(w, 1, 0, &past, CLOCK_REALTIME), ETIMEDOUT);
    CHECK_ERRNO(futex_waitv(w, 1, 0, &past, CLOCK_BOOTTIME), EINVAL);
    CHECK_ERRNO(futex_waitv(w, 1, 0, &bad, CLOCK_MONOTONIC), EINVAL);
    CHECK_ERRNO(futex_waitv(w, 1, 1, NULL, 0), EINVAL);
    CHECK_ERRNO(futex_waitv(w, 0, 0, NULL, 0), EINVAL);
    CHECK_ERRNO(futex_waitv(w, 129, 0, NULL, 0), EINVAL);
    CHECK_ERRNO(futex_waitv(NULL, 1, 0, NULL, 0), EINVAL);
    CHECK_ERRNO(futex_waitv(BAD_POINTER, 1, 0, NULL, 0), EFAULT);
    w[1] = (struct waiter){7, (uint64_t)&other, SIZE_U32, 1};
    CHECK_ERRNO(futex_waitv(w, 2, 0, NULL, 0), EINVAL);
    w[1] = (struct waiter){7, (uint64_t)&other, 0x40000000, 0};
    CHECK_ERRNO(futex_waitv(w, 2, 0, NULL, 0), EINVAL);
    w[1] = (struct waiter){7, (uint64_t)hole, SIZE_U32 | PRIVATE, 0};
    CHECK_ERRNO(futex_waitv(w, 2, 0, NULL, 0), EFAULT);
}

static void test_single_calls(void)
{
    struct timespec past = {0, 0};
    struct waiter w[2] = {{5, (uint64_t)&word, SIZE_U32, 0}, {0, (uint64_t)&other, SIZE_U32, 0}};

    if (futex_wake(&word, 1, 0, SIZE_U32) && errno == ENOSYS)
        return; /* an old host */
    CHECK(futex_wake(&word, 1, 1, SIZE_U32) == 0);
    CHECK_ERRNO(futex_wake(&word, 0, 1, SIZE_U32), EINVAL);
    CHECK_ERRNO(futex_wake(&word, 1ul << 32, 1, SIZE_U32), EINVAL);
    CHECK_ERRNO(futex_wake(&word, 1, 1, 0x40000000), EINVAL);
    CHECK_ERRNO(futex_wake(hole, 1, 1, SIZE_U32), EFAULT);
    CHECK(futex_wake(hole, 1, 1, SIZE_U32 | PRIVATE) == 0);
    CHECK_ERRNO(futex_wait(&word, 6, 1, SIZE_U32, NULL, 0), EAGAIN);
    CHECK_ERRNO(futex_wait(&word, 5, 1, SIZE_U32, &past, CLOCK_MONOTONIC), ETIMEDOUT);
    CHECK_ERRNO(futex_wait(&word, 5, 1, SIZE_U32, &past, CLOCK_BOOTTIME), EINVAL);
    CHECK_ERRNO(futex_wait(&word, 5, 0, SIZE_U32, NULL, 0), EINVAL);
    CHECK_ERRNO(futex_wait(&word, 1ul << 32, 1, SIZE_U32, NULL, 0), EINVAL);
    CHECK(futex_requeue(w, 0, 1, 1) == 0);
    CHECK_ERRNO(futex_requeue(w, 1, 1, 1), EINVAL);
    CHECK_ERRNO(futex_requeue(NULL, 0, 1, 1), EINVAL);
    CHECK_ERRNO(futex_requeue(BAD_POINTER, 0, 1, 1), EFAULT);
    w[0].value = 6;
    CHECK_ERRNO(futex_requeue(w, 0, 1, 1), EAGAIN);
}

static void test_lists(void)
{
    void *head;
    size_t size = 0;
    long list[3] = {(long)list, 0, 0};

    CHECK_ERRNO(syscall(SYS_set_robust_list, list, 23), EINVAL);
    CHECK(syscall(SYS_set_robust_list, list, 24) == 0);
    CHECK(syscall(SYS_get_robust_list, 0, &head, &size) == 0 && head == list && size == 24);
    CHECK(syscall(SYS_get_robust_list, gettid(), &head, &size) == 0 && head == list);
    CHECK_ERRNO(syscall(SYS_get_robust_list, 0x3ffffff0, &head, &size), ESRCH);
    CHECK_ERRNO(syscall(SYS_get_robust_list, 0, BAD_POINTER, &size), EFAULT);
    CHECK_ERRNO(syscall(SYS_get_robust_list, 0, &head, BAD_POINTER), EFAULT);
    CHECK(syscall(SYS_set_robust_list, NULL, 24) == 0);
    CHECK(syscall(SYS_set_tid_address, &word) == gettid());
}

int main(void)
{
    hole = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    readable = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    shared_readable = mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    munmap(hole, 4096);
    test_wait();
    test_wake();
    test_requeue();
    test_wake_op();
    test_pi();
    test_waitv();
    test_single_calls();
    test_lists();
    CHECK_DONE();
}
