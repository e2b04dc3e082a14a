/* SPDX-License-Identifier: BSD-3-Clause */
/* See sched_setattr(2). */
#include "abi/linux/errno.h"
#include "abi/linux/sched.h"
#include "abi_handlers.h"
#include "lib/string.h"
#include "task/policy.h"
#include "task/run_queue.h"

#define UTIL_CLAMP (SCHED_FLAG_UTIL_CLAMP_MIN | SCHED_FLAG_UTIL_CLAMP_MAX)
#define FLAGS_KNOWN                                                                                \
    (SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN |                       \
     SCHED_FLAG_KEEP_POLICY | SCHED_FLAG_KEEP_PARAMS | UTIL_CLAMP)

static struct thread *named(int pid) { return pid ? thread_find(pid) : current_thread(); }

static bool is_zero(struct user_ptr from, u64 length, int *error)
{
    u8 bytes[64];

    for (u64 done = 0; done < length; done += sizeof(bytes)) {
        u64 part = min_u64(length - done, sizeof(bytes));
        *error = copy_from_program(bytes, user_at(from, done), part);
        for (u64 i = 0; !*error && i < part; i++) {
            if (bytes[i])
                return false;
        }
    }
    return true;
}

static int refuse_size(struct user_ptr from)
{
    (void)write_program_u32(from, sizeof(struct linux_sched_attr));
    return -E2BIG;
}

/* A program's struct may be older or newer than ours. */
static int fetch(struct linux_sched_attr *a, struct user_ptr from)
{
    u32 size;
    int error = 0;

    *a = (struct linux_sched_attr){0};
    if (read_program_u32(&size, from))
        return -EFAULT;
    if (!size)
        size = SCHED_ATTR_SIZE_VER0;
    if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
        return refuse_size(from);
    if (size > sizeof(*a) && !is_zero(user_at(from, sizeof(*a)), size - sizeof(*a), &error))
        return refuse_size(from);
    if (!error)
        error = copy_from_program(a, from, min_u64(size, sizeof(*a)));
    return error;
}

static int clamped(int nice)
{
    return nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
}

long sys_sched_setattr(int pid, struct user_ptr attributes, u32 flags)
{
    struct linux_sched_attr a;

    if (user_is_null(attributes) || pid < 0 || flags)
        return -EINVAL;
    int error = fetch(&a, attributes);
    if (error)
        return error;
    if ((s32)a.sched_policy < 0)
        return -EINVAL;
    struct thread *t = named(pid);
    if (!t)
        return -ESRCH;
    if (a.sched_flags & ~(u64)FLAGS_KNOWN)
        return -EINVAL;
    if (a.sched_flags & UTIL_CLAMP)
        return -EOPNOTSUPP; /* as a Linux without them */
    bool keeps = a.sched_flags & SCHED_FLAG_KEEP_PARAMS;
    struct policy_request request = {
        .policy = a.sched_flags & SCHED_FLAG_KEEP_POLICY ? KEEP_POLICY : (int)a.sched_policy,
        .priority = keeps ? t->own_priority : a.sched_priority,
        .reset_on_fork = a.sched_flags & SCHED_FLAG_RESET_ON_FORK,
        .sets_nice = !keeps,
        .nice = clamped(a.sched_nice),
    };
    return policy_set(t, &request);
}

long sys_sched_getattr(int pid, struct user_ptr attributes, u32 size, u32 flags)
{
    u64 length = min_u64(size, sizeof(struct linux_sched_attr));

    if (user_is_null(attributes) || pid < 0 || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE ||
        flags)
        return -EINVAL;
    const struct thread *t = named(pid);
    if (!t)
        return -ESRCH;
    struct linux_sched_attr a = {
        .size = (u32)length,
        .sched_policy = t->policy,
        .sched_flags = t->reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0,
        .sched_nice = t->own_priority ? 0 : t->nice,
        .sched_priority = t->own_priority,
        .sched_runtime = t->own_priority ? 0 : run_queue_slice_ns(t),
    };
    return copy_to_program(attributes, &a, length);
}
