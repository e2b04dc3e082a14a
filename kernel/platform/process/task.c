/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Host tasks: the table of them and how they come and go.
 *
 * Holds:    one host process per address space. A space's name (struct platform_space, root) is
 *           its place in the table and how often that place was used before.
 * Promises: a task waits on its own private stack, so kernel stacks belong to threads and not to
 *           host tasks. A fork's child is not waited for: it makes itself ready when it first gets
 *           the CPU. An empty space is a task that was made ahead of need, or one that was used
 *           and has dropped all it had.
 * Locking:  states change by compare-and-exchange where the supervisor may want the same: it makes
 *           (FREE -> STARTING) and loses (USED -> LOST, DYING -> FREE) tasks while others run.
 * Refuses:  more tasks than the table or the host has room for, once those that are on their way
 *           out are gone.
 * See:      clone(2), prctl(2); baton.c for who runs, lost.c for tasks that the host killed.
 */
#include "abi/linux/errno.h"
#include "abi/linux/futex.h"
#include "abi/linux/mman.h"
#include "abi/linux/prctl.h"
#include "abi/linux/sched.h"
#include "abi/linux/signal.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "lib/log.h"
#include "lib/undo.h"
#include "platform/process/host.h"

#define EMPTY_TASKS_KEPT 4

struct host_task host_tasks[HOST_TASKS];
struct host_supervision host_supervision;
static u64 chosen_cpus[16]; /* where all of them run; 0: not chosen yet */

/* --- the table --- */

static void note_used(u32 index)
{
    u32 end = host_supervision.tasks_end;
    while (index >= end && !__atomic_compare_exchange_n(&host_supervision.tasks_end, &end,
                                                        index + 1, false, __ATOMIC_ACQ_REL,
                                                        __ATOMIC_ACQUIRE))
        ;
}

bool host_task_try(struct host_task *t, enum host_task_state from, enum host_task_state to)
{
    u32 seen = from;
    return __atomic_compare_exchange_n(&t->state, &seen, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_ACQUIRE);
}

/* Takes the first task in one state into another. */
u32 host_task_claim(enum host_task_state from, enum host_task_state to)
{
    u32 end = from == TASK_FREE ? HOST_TASKS : host_supervision.tasks_end;
    for (u32 i = 1; i < end; i++) {
        if (host_tasks[i].state == from && host_task_try(&host_tasks[i], from, to)) {
            note_used(i);
            return i;
        }
    }
    return 0;
}

void host_task_set_state(struct host_task *t, enum host_task_state state)
{
    if (state == TASK_FREE || state == TASK_READY)
        t->hollow = 0;
    if (state == TASK_FREE)
        __atomic_store_n(&t->state_and_pid, 0, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&t->state, state, __ATOMIC_RELEASE);
    host_task_tell_change();
}

/* A task may be killed after it made a change and before it told: the supervisor tells once more. */
void host_task_tell_change(void)
{
    __atomic_add_fetch(&host_supervision.changes, 1, __ATOMIC_RELEASE);
    host(HOST_futex, &host_supervision.changes, FUTEX_WAKE, 1);
}

static bool any_in(enum host_task_state state, u32 more_than)
{
    for (u32 i = 1; i < host_supervision.tasks_end; i++)
        if (host_tasks[i].state == state && !more_than--)
            return true;
    return false;
}

u32 host_task_changes(void)
{
    return __atomic_load_n(&host_supervision.changes, __ATOMIC_ACQUIRE);
}

void host_task_wait_for_change(u32 seen)
{
    host(HOST_futex, &host_supervision.changes, FUTEX_WAIT, seen, 0);
}

/* --- this task's own things --- */

static void own_memory(u32 index)
{
    u64 length = host_signal_stack() + host_machine.signal_stack_bytes - HOST_PRIVATE_BASE;
    if (length > HOST_WINDOW - HOST_PRIVATE_BASE)
        host_refuse("the host's signal frames are too large", 0);
    long got = host(HOST_mmap, HOST_PRIVATE_BASE, length, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    if (got < 0)
        host_refuse("no memory for a host task", got);
    host_private->index = index;
}

/* What a fork does not inherit, seccomp's door apart. */
static void own_registrations(void)
{
    host(HOST_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (host(HOST_getppid) != host_supervision.pid)
        host(HOST_exit_group, 125);
    host_timer_forget();
    host_trap_open();
}

/* What it does. */
static void own_settings(void)
{
    host(HOST_prctl, PR_SET_TIMERSLACK, 1);
    host_trap_start();
    own_registrations();
}

/* Several host tasks take turns: on one CPU a turn costs a seventh of what it costs across two.
 * The first fork or exec chooses the CPU; a program that stays alone is never pinned. */
static void choose_cpu(void)
{
    static bool chosen;
    u32 cpu = 0;
    if (chosen || host(HOST_getcpu, &cpu, 0, 0) || cpu >= 64 * ARRAY_SIZE(chosen_cpus))
        return;
    chosen = true;
    chosen_cpus[cpu / 64] = 1ul << (cpu % 64);
    host(HOST_sched_setaffinity, 0, sizeof chosen_cpus, chosen_cpus);
}

/* --- lives --- */

noreturn_fn void host_task_boot(void *unused)
{
    (void)unused;
    host_leftovers_unmap();
    own_memory(1);
    host_baton_start();
    host_baton_take(1);
    host_undo_boot();
    own_settings();
    on_start();
}

/* On the supervisor's stack, of which this is a copy; it is left before it is unmapped. */
static noreturn_fn void zygote_on_own_stack(void *index)
{
    struct host_task *me = &host_tasks[(u64)index];
    host_leftovers_unmap();
    own_settings();
    host_supervision.zygotes_killed = 0;
    host_task_set_state(me, TASK_READY);
    if (host_supervision.wants_zygote)
        host_supervisor_ask();
    host_wait_for_orders(NULL);
}

noreturn_fn void host_task_zygote(void *index)
{
    u64 unused_sp;
    own_memory((u32)(u64)index);
    hosted_leave(&unused_sp, host_private_stack_top(), zygote_on_own_stack, index);
    __builtin_unreachable();
}

/* The copy that a guest's fork makes; its private memory is a copy of its parent's. */
static noreturn_fn void forked(void *index)
{
    host_private->index = (u32)(u64)index;
    own_registrations();
    host_wait_for_orders(NULL);
}

/* Of a lost task, state and pid at once: the holder may let it go while the supervisor gives it
 * another process. */
static bool take_lost(struct host_task *t, enum host_task_state state, s32 pid)
{
    u64 seen = __atomic_load_n(&t->state_and_pid, __ATOMIC_SEQ_CST);
    u64 next = (u64)(u32)pid << 32 | state;
    if ((u32)seen != TASK_LOST ||
        !__atomic_compare_exchange_n(&t->state_and_pid, &seen, next, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_ACQUIRE))
        return false;
    host_task_tell_change();
    return true;
}

bool host_task_adopt(struct host_task *lost, struct host_task *zygote)
{
    if (!take_lost(lost, TASK_USED, zygote->pid))
        return false;
    zygote->become = host_index(lost);
    __atomic_store_n(&zygote->state, TASK_MOVING, __ATOMIC_RELEASE);
    host_rouse(zygote);
    return true;
}

static u64 name_of(const struct host_task *t)
{
    return (u64)t->generation << 32 | host_index(t);
}

static void name_space(struct platform_space *space, struct host_task *t)
{
    undo_note(space, sizeof(*space));
    t->generation++;
    space->root = name_of(t);
    space->pages = 0;
    t->space = space;
}

/* An empty host task, or 0 when the host gives none. */
u32 host_task_take_empty(void)
{
    u32 failures = host_supervision.failures;
    choose_cpu();
    for (;;) {
        u32 changes = host_task_changes();
        u32 index = host_task_claim(TASK_READY, TASK_USED);
        if (index)
            host(HOST_sched_setaffinity, host_tasks[index].pid, sizeof chosen_cpus, chosen_cpus);
        if (index || host_supervision.failures != failures)
            return index;
        host_supervisor_ask(); /* each time: the one that was being made may have been killed */
        host_task_wait_for_change(changes);
    }
}

int platform_space_init(struct platform_space *space)
{
    u32 index = 1;
    if (host_machine.booted)
        index = host_task_take_empty();
    host_machine.booted = true;
    if (!index)
        return -ENOMEM;
    name_space(space, &host_tasks[index]);
    return 0;
}

/* A place in the table. Those that are being left are waited for. */
static u32 take_place(void)
{
    for (;;) {
        u32 changes = host_task_changes();
        u32 index = host_task_claim(TASK_FREE, TASK_USED);
        if (index || !any_in(TASK_DYING, 0))
            return index;
        host_task_wait_for_change(changes);
    }
}

static long clone_self(u32 index)
{
    return hosted_clone(CLONE_FILES | CLONE_FS | CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD,
                        host_private_stack_top(), forked, (void *)(u64)index,
                        &host_tasks[index].pid);
}

int platform_space_fork(struct platform_space *copy)
{
    long pid;
    if (host_current()->hollow)
        return -ENOMEM; /* there is nothing to copy, and the process is about to end */
    choose_cpu();
    u32 index = take_place();
    if (!index)
        return -EAGAIN;
    for (;;) {
        u32 changes = host_task_changes();
        pid = clone_self(index);
        if (pid != -EAGAIN || !any_in(TASK_DYING, 0))
            break;
        host_task_wait_for_change(changes); /* the host's limit of processes: some are about to go */
    }
    if (pid < 0) {
        host_task_set_state(&host_tasks[index], TASK_FREE);
        return (int)pid;
    }
    name_space(copy, &host_tasks[index]);
    return 0;
}

/* The task of a space: NULL when it is gone for good. */
struct host_task *host_task_of(const struct platform_space *space)
{
    struct host_task *t = &host_tasks[(u32)space->root];
    bool there = name_of(t) == space->root;
    return there && (t->state == TASK_USED || t->state == TASK_LOST) ? t : NULL;
}

/* It is USED or LOST, and may change from either to the other meanwhile. */
static void let_go(struct host_task *t)
{
    while (!host_task_try(t, TASK_USED, TASK_DYING)) {
        host_lost_forget(t);
        t->hollow = 0;
        if (take_lost(t, TASK_FREE, 0))
            return; /* its process is reaped already */
    }
    host_rouse(t);
}

void platform_space_destroy(struct platform_space *space)
{
    struct host_task *t = host_task_of(space);
    if (t && t == host_current())
        panic("the address space in use was destroyed");
    undo_note(space, sizeof(*space));
    space->root = 0;
    if (t)
        let_go(t);
}

/* Names that were given since the last checkpoint are undone; who bore them is nobody's. A place
 * may have been taken for a fork that was never made, and a task told to go that was not woken. */
void host_task_drop_nameless(void)
{
    for (u32 i = 1; i < host_supervision.tasks_end; i++) {
        struct host_task *t = &host_tasks[i];
        bool used = t->state == TASK_USED || t->state == TASK_LOST;
        bool nameless = used && (!t->space || t->space->root != name_of(t));
        if (t->state == TASK_DYING)
            host_rouse(t);
        else if (nameless && t->state == TASK_USED && !t->pid)
            host_task_set_state(t, TASK_FREE);
        else if (nameless)
            let_go(t);
    }
}

static noreturn_fn void leave(void)
{
    for (;;)
        host(HOST_exit_group, 0);
}

/* A task that was told to go, on its private stack: it becomes an empty space if few are there. */
void host_task_retire(struct host_task *me)
{
    if (any_in(TASK_READY, EMPTY_TASKS_KEPT - 1) || host_program_unmap())
        leave();
    host_task_set_state(me, TASK_READY);
}
