/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Futexes. See futex(2), futex(7). All take program addresses of the current space; `shared` says
 * that other processes may use the word, through whatever mapping of the same page.
 */
#pragma once

#include "abi/linux/futex.h"
#include "memory/user_memory.h"

/* robust_list.c: the thread ends; it is the current one. */
struct thread;
void robust_list_release(struct thread *t);

struct futex_wait {
    struct user_ptr futex;
    u64 deadline_ns;             /* monotonic */
    u32 value, bitset;
    bool shared;
};
/* 0: woken; -EAGAIN: the word is not `value`; -ETIMEDOUT, -ERESTARTSYS, -EINVAL, -EFAULT. */
long futex_wait(const struct futex_wait *wait);
/* Number woken, or -errno. As on Linux one waiter is woken even when count is 0. */
long futex_wake(struct user_ptr futex, bool shared, int count, u32 bitset);

struct futex_requeue {
    struct user_ptr from, to;
    int wake_count, move_count;
    bool shared_from, shared_to;
    bool compares;               /* *from must be `value`, else -EAGAIN */
    u32 value;
};
/* Number woken and, with compares, moved. */
long futex_requeue(const struct futex_requeue *request);
/* FUTEX_WAKE_OP: number woken. */
long futex_wake_op(struct user_ptr first, struct user_ptr second, bool shared, int first_count,
                   int second_count, u32 operation);
