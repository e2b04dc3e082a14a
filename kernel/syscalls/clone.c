/* SPDX-License-Identifier: BSD-3-Clause */
/* See clone(2). */
#include "task/clone.h"

#include "abi/linux/errno.h"
#include "abi/linux/sched.h"
#include "abi/linux/signal.h"
#include "abi_handlers.h"
#include "lib/string.h"

#define NAMESPACE_LEVELS 32 /* Linux's MAX_PID_NS_LEVEL: more ids than that are never wanted */

#define LEGACY_FLAGS 0xffffffffull

/* The old call keeps the signal in the flags and returns a pidfd where the parent's tid goes. */
static long old_clone(const struct trap_frame *frame, u64 flags, struct clone_request request)
{
    request.flags = flags & LEGACY_FLAGS & ~(u64)CSIGNAL;
    request.exit_signal = (int)(flags & CSIGNAL);
    request.pidfd = request.parent_tid;
    if ((flags & CLONE_PIDFD) && (flags & CLONE_PARENT_SETTID))
        return -EINVAL;
    return task_clone(frame, &request);
}

long sys_clone(struct trap_frame *frame, u64 flags, u64 stack, struct user_ptr parent_tid,
               struct user_ptr child_tid, u64 tls)
{
    struct clone_request request = {
        .stack = stack, .tls = tls, .parent_tid = parent_tid, .child_tid = child_tid};

    return old_clone(frame, flags, request);
}

/* What aarch64 and others have: the last two change places. */
long sys_clone_backwards(struct trap_frame *frame, u64 flags, u64 stack,
                         struct user_ptr parent_tid, u64 tls, struct user_ptr child_tid)
{
    struct clone_request request = {
        .stack = stack, .tls = tls, .parent_tid = parent_tid, .child_tid = child_tid};

    return old_clone(frame, flags, request);
}

/* A newer program's struct may be longer, if it says nothing that we do not know. */
static int fetch_arguments(struct linux_clone_args *a, struct user_ptr from, u64 size)
{
    u8 rest[64];

    *a = (struct linux_clone_args){0};
    if (size > PAGE_SIZE)
        return -E2BIG;
    if (size < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    for (u64 at = sizeof(*a); at < size; at += sizeof(rest)) {
        u64 part = min_u64(size - at, sizeof(rest));
        if (copy_from_program(rest, user_at(from, at), part))
            return -EFAULT;
        for (u64 i = 0; i < part; i++) {
            if (rest[i])
                return -E2BIG;
        }
    }
    return copy_from_program(a, from, min_u64(size, sizeof(*a)));
}

static int check_stack(const struct linux_clone_args *a)
{
    if (!a->stack)
        return a->stack_size ? -EINVAL : 0;
    bool good = a->stack_size && program_address_ok((struct user_ptr){a->stack}, a->stack_size);

    return good ? 0 : -EINVAL;
}

static int check_arguments(const struct linux_clone_args *a, u64 size)
{
    u64 known = LEGACY_FLAGS | CLONE_CLEAR_SIGHAND;

    if (a->set_tid_size > NAMESPACE_LEVELS || !a->set_tid != !a->set_tid_size)
        return -EINVAL;
    if (a->exit_signal & ~(u64)CSIGNAL || a->exit_signal > LINUX_NSIG)
        return -EINVAL;
    if (a->flags & CLONE_INTO_CGROUP && size < CLONE_ARGS_SIZE_VER2)
        return -EINVAL;
    if (a->flags & ~known || a->flags & (CLONE_DETACHED | CSIGNAL))
        return -EINVAL; /* cgroups, time namespaces: as a Linux without them */
    if (a->flags & CLONE_SIGHAND && a->flags & CLONE_CLEAR_SIGHAND)
        return -EINVAL;
    if (a->flags & (CLONE_THREAD | CLONE_PARENT) && a->exit_signal)
        return -EINVAL;
    return check_stack(a);
}

/* There is one level of process ids. */
static int fetch_wanted_id(s32 *id, const struct linux_clone_args *a)
{
    u32 wanted = 0;

    if (a->set_tid && copy_from_program(&wanted, (struct user_ptr){a->set_tid}, sizeof(wanted)))
        return -EFAULT;
    *id = (s32)wanted;
    if (a->set_tid && (a->set_tid_size != 1 || *id < 1))
        return -EINVAL;
    return 0;
}

long sys_clone3(struct trap_frame *frame, struct user_ptr arguments, u64 size)
{
    struct linux_clone_args a;
    struct clone_request request = {0};

    int error = fetch_arguments(&a, arguments, size);
    if (!error)
        error = check_arguments(&a, size);
    if (!error)
        error = fetch_wanted_id(&request.wanted_id, &a);
    if (error)
        return error;
    request.flags = a.flags;
    request.stack = a.stack + a.stack_size;
    request.tls = a.tls;
    request.parent_tid.address = a.parent_tid;
    request.child_tid.address = a.child_tid;
    request.pidfd.address = a.pidfd;
    request.exit_signal = (int)a.exit_signal;
    return task_clone(frame, &request);
}
