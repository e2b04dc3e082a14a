/* SPDX-License-Identifier: BSD-3-Clause */
/* See futex(2). Which arguments an operation has, and where; the work is task/futex*.c. */
#include "task/futex.h"

#include "abi/linux/errno.h"
#include "abi_handlers.h"
#include "time/convert.h"
#include "time/timer.h"

struct arguments {
    struct user_ptr futex, futex2;
    u32 value, value3;
    u32 value2;                  /* in the place of the timeout */
    u64 deadline_ns;
    bool shared;
};

static bool has_timeout(int command)
{
    switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
    case FUTEX_WAIT_REQUEUE_PI:
        return true;
    default:
        return false;
    }
}

/* Whose deadline may be on the real-time clock; FUTEX_LOCK_PI's always is. */
static bool takes_clock(int command)
{
    return command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI2 ||
           command == FUTEX_WAIT_REQUEUE_PI;
}

/* To monotonic time. FUTEX_WAIT's is a span, the others' a moment on the clock that the flag says. */
static int load_deadline(u64 *deadline_ns, int operation, struct user_ptr timeout)
{
    u64 now_ns = clock_monotonic_ns(), ns;

    *deadline_ns = NO_DEADLINE;
    if (user_is_null(timeout))
        return 0;
    int error = load_timespec(&ns, timeout);
    if (error)
        return error;
    if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT) {
        ns += now_ns;
    } else if (operation & FUTEX_CLOCK_REALTIME || (operation & FUTEX_CMD_MASK) == FUTEX_LOCK_PI) {
        u64 there_ns = clock_realtime_ns();
        ns = now_ns + (ns > there_ns ? ns - there_ns : 0);
    }
    *deadline_ns = ns;
    return 0;
}

static long wait(const struct arguments *a, u32 bitset)
{
    struct futex_wait request = {a->futex, a->deadline_ns, a->value, bitset, a->shared};
    return futex_wait(&request);
}

static long wait_requeue_pi(const struct arguments *a)
{
    struct futex_wait request = {a->futex, a->deadline_ns, a->value, FUTEX_BITSET_MATCH_ANY,
                                 a->shared};
    return futex_wait_requeue_pi(&request, a->futex2);
}

static long requeue(const struct arguments *a, int command)
{
    struct futex_requeue request = {
        .from = a->futex,
        .to = a->futex2,
        .shared_from = a->shared,
        .shared_to = a->shared,
        .wake_count = (int)a->value,
        .move_count = (int)a->value2,
        .compares = command != FUTEX_REQUEUE,
        .value = a->value3,
    };
    return command == FUTEX_CMP_REQUEUE_PI ? futex_cmp_requeue_pi(&request)
                                           : futex_requeue(&request);
}

static long operate(int command, const struct arguments *a)
{
    switch (command) {
    case FUTEX_WAIT:
        return wait(a, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAIT_BITSET:
        return wait(a, a->value3);
    case FUTEX_WAKE:
        return futex_wake(a->futex, a->shared, (int)a->value, FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET:
        return futex_wake(a->futex, a->shared, (int)a->value, a->value3);
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
    case FUTEX_CMP_REQUEUE_PI:
        return requeue(a, command);
    case FUTEX_WAKE_OP:
        return futex_wake_op(a->futex, a->futex2, a->shared, (int)a->value, (int)a->value2,
                             a->value3);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
        return futex_lock_pi(a->futex, a->shared, a->deadline_ns, false);
    case FUTEX_TRYLOCK_PI:
        return futex_lock_pi(a->futex, a->shared, NO_DEADLINE, true);
    case FUTEX_UNLOCK_PI:
        return futex_unlock_pi(a->futex, a->shared);
    case FUTEX_WAIT_REQUEUE_PI:
        return wait_requeue_pi(a);
    default:
        return -ENOSYS;
    }
}

long sys_futex(struct user_ptr futex, int operation, u32 value, struct user_ptr timeout,
               struct user_ptr futex2, u32 value3)
{
    int command = operation & FUTEX_CMD_MASK;
    struct arguments a = {
        .futex = futex,
        .futex2 = futex2,
        .value = value,
        .value2 = (u32)timeout.address,
        .value3 = value3,
        .shared = !(operation & FUTEX_PRIVATE_FLAG),
    };

    int error = has_timeout(command) ? load_deadline(&a.deadline_ns, operation, timeout) : 0;
    if (error)
        return error;
    if (operation & FUTEX_CLOCK_REALTIME && !takes_clock(command))
        return -ENOSYS;
    return operate(command, &a);
}
