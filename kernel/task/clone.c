/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing.
 * Promises: the child starts behind the parent's call with result 0, with the parent's registers,
 *           vector state, segment bases and signal mask; it cannot run before the parent has its
 *           tid where CLONE_PARENT_SETTID wants it.
 * Refuses:  namespaces (as a Linux that is built without them), combinations that Linux refuses.
 * See:      clone(2), fork.c for what a new process shares, thread_end.c for the way out.
 */
#include "task/clone.h"

#include "abi/linux/errno.h"
#include "abi/linux/sched.h"
#include "lib/string.h"
#include "platform/platform.h"
#include "task/ids.h"
#include "task/policy.h"

#define NAMESPACES                                                                                 \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

static long (*make_pidfd)(struct process *p, struct thread *t);
static void (*undo_pidfd)(long fd);

void task_set_pidfd(long (*make)(struct process *p, struct thread *t), void (*undo)(long fd))
{
    make_pidfd = make;
    undo_pidfd = undo;
}

/* Its life is on the parent's kernel stack: whoever goes first cuts the tie. */
struct vfork_tie {
    struct wait_queue queue;
    bool done;
};

void clone_release_parent(struct thread *child)
{
    struct vfork_tie *tie = child->vfork_tie;

    child->vfork_tie = NULL;
    if (!tie)
        return;
    tie->done = true;
    wake_all(&tie->queue, 0);
}

/* Only the end of the parent cuts this sleep short. */
static void wait_for_child(struct vfork_tie *tie, struct thread *child)
{
    struct waiter w = {0};

    wait_enter(&tie->queue, &w);
    while (!tie->done && !thread_must_end(current_thread()))
        thread_sleep(NO_DEADLINE, false);
    wait_leave(&w);
    if (!tie->done)
        child->vfork_tie = NULL;
}

static int check(const struct clone_request *request)
{
    const struct process *p = current_process();
    u64 flags = request->flags;

    if ((flags & CLONE_FS) && (flags & (CLONE_NEWNS | CLONE_NEWUSER)))
        return -EINVAL;
    if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
        return -EINVAL;
    if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
        return -EINVAL;
    if ((flags & CLONE_PARENT) && !p->parent) /* siblings of the first process would be orphans */
        return -EINVAL;
    if ((flags & CLONE_PIDFD) && ((flags & CLONE_DETACHED) || !make_pidfd))
        return -EINVAL;
    if (flags & NAMESPACES)
        return p->credentials.euid ? -EPERM : -EINVAL;
    if ((flags & CLONE_SETTLS) && request->tls >= platform_traits()->program_end)
        return -EPERM;
    return 0;
}

/* The child's first steps, on its own kernel stack. */
static noreturn_fn void start_child(void *set_tid)
{
    struct thread *t = current_thread();
    struct user_ptr where = {(u64)set_tid};

    thread_reap_dead();
    if (!user_is_null(where))
        (void)write_program_u32(where, (u32)t->tid); /* as Linux: nobody hears of a fault here */
    task_before_return(thread_frame(t));
    arch_resume(thread_frame(t));
}

/* What the processor holds for the program, and what Linux hands down with it. */
static void inherit(struct thread *child, const struct trap_frame *frame,
                    const struct clone_request *request)
{
    const struct thread *parent = current_thread();
    struct trap_frame *own = thread_frame(child);
    u64 flags = request->flags;

    *own = *frame;
    frame_set_result(own, 0);
    frame_leave_call(own);
    if (request->stack)
        frame_set_sp(own, request->stack);
    arch_vector_save(child->vector_area);
    child->thread_pointer = flags & CLONE_SETTLS ? request->tls : arch_thread_pointer();
    child->gs_base = arch_gs_base();
    child->blocked = parent->blocked;
    child->timer_slack_ns = parent->timer_slack_ns;
    policy_inherit(child, parent);
    memcpy(child->name, parent->name, sizeof(child->name));
    if (flags & CLONE_CHILD_CLEARTID)
        child->clear_child_tid = request->child_tid.address;
    if (!(flags & CLONE_VM) || (flags & CLONE_VFORK)) {
        child->altstack_sp = parent->altstack_sp;
        child->altstack_size = parent->altstack_size;
        child->altstack_flags = parent->altstack_flags;
    }
    if (!(flags & CLONE_VM)) {
        child->rseq_address = parent->rseq_address;
        child->rseq_length = parent->rseq_length;
        child->rseq_signature = parent->rseq_signature;
    }
}

static int tell_pidfd(struct thread *child, const struct clone_request *request)
{
    if (!(request->flags & CLONE_PIDFD))
        return 0;
    long fd = make_pidfd(child->process, child);
    if (fd < 0)
        return (int)fd;
    if (!write_program_u32(request->pidfd, (u32)fd))
        return 0;
    undo_pidfd(fd);
    return -EFAULT;
}

static struct thread *new_thread(struct process *p, const struct trap_frame *frame,
                                 const struct clone_request *request, int *error)
{
    void *set_tid = (void *)(request->flags & CLONE_CHILD_SETTID ? request->child_tid.address : 0);
    s32 wanted = request->flags & CLONE_THREAD ? request->wanted_id : 0;
    struct thread *child = thread_create(p, wanted, start_child, set_tid, error);

    if (!child)
        return NULL;
    inherit(child, frame, request);
    *error = tell_pidfd(child, request);
    if (!*error)
        return child;
    thread_discard(child);
    return NULL;
}

static long start(struct thread *child, const struct clone_request *request)
{
    struct vfork_tie tie = {0};
    s32 tid = child->tid;

    if (request->flags & CLONE_PARENT_SETTID)
        (void)write_program_u32(request->parent_tid, (u32)tid);
    if (!(request->flags & CLONE_VFORK)) {
        thread_make_runnable(child);
        return tid;
    }
    wait_queue_init(&tie.queue);
    child->vfork_tie = &tie;
    thread_make_runnable(child);
    wait_for_child(&tie, child);
    return tid;
}

long task_clone(const struct trap_frame *frame, const struct clone_request *request)
{
    bool in_process = request->flags & CLONE_THREAD;
    int error = check(request);
    struct process *p = current_process();

    if (error)
        return error;
    if (in_process && p->exiting)
        return -ERESTARTNOINTR;
    if (in_process && !process_may_have_more(p))
        return -EAGAIN;
    if (!in_process)
        p = process_fork(request, &error);
    struct thread *child = p ? new_thread(p, frame, request, &error) : NULL;
    if (child)
        return start(child, request);
    if (p && !in_process)
        process_discard(p);
    return error;
}
