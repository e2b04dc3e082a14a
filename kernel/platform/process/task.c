/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Host tasks and the baton between them.
 *
 * Holds:    one host process per address space, and the orders they give each other.
 * Promises: the baton is always some task's pid; when that task dies the host marks the word
 *           FUTEX_OWNER_DIED (robust list), which the supervisor finds. A task that waits does so
 *           on its own private stack, so kernel stacks belong to threads and not to host tasks:
 *           platform_space_switch continues the same kernel stack in another address space, with
 *           vector state, fs base and gs base carried along, as a change of page tables would.
 * Locking:  the baton's holder owns everything; host_tasks[].state of STARTING and DYING tasks is
 *           shared with the supervisor.
 * See:      clone(2), get_robust_list(2), futex(2); DESIGN 3.5.
 */
#include "abi/linux/errno.h"
#include "abi/linux/mman.h"
#include "abi/linux/prctl.h"
#include "abi/linux/sched.h"
#include "abi/linux/signal.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "lib/log.h"
#include "platform/process/host.h"

struct host_task host_tasks[HOST_TASKS];
struct host_supervision host_supervision;

/* What a switch carries over. Vector state: the largest area known is AMX's 11 KiB. */
static struct {
    u64 sp, thread_pointer, gs_base;
    u8 vector[16384] __attribute__((aligned(64)));
} handoff;
static bool boot_task_taken;

/* --- this task's own things --- */

static void own_memory(u32 index)
{
    u64 length = host_signal_stack() + host_machine.signal_stack_bytes - HOST_PRIVATE_BASE;
    long got = host(HOST_mmap, HOST_PRIVATE_BASE, length, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    if (got < 0)
        host_refuse("no memory for a host task", got);
    host_private->index = index;
}

/* What a fork does not inherit. */
static void own_registrations(void)
{
    host(HOST_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (host(HOST_getppid) != host_supervision.pid)
        host(HOST_exit_group, 125);
    host_private->robust = (struct linux_robust_list_head){
        .next = (u64)&host_private->robust,
        .list_op_pending = (u64)&host_supervision.baton,
    };
    host(HOST_set_robust_list, &host_private->robust, sizeof host_private->robust);
    host(HOST_prctl, PR_SET_TIMERSLACK, 1);
    host_timers_create();
    host_trap_start();
}

/* --- the baton --- */

static void rouse(struct host_task *t)
{
    __atomic_store_n(&t->go, 1, __ATOMIC_RELEASE);
    host(HOST_futex, &t->go, FUTEX_WAKE, 1);
}

static void pass_baton(struct host_task *t)
{
    host_supervision.baton = (u32)t->pid;
    rouse(t);
}

static void wait_for_go(struct host_task *me)
{
    while (!__atomic_load_n(&me->go, __ATOMIC_ACQUIRE))
        host(HOST_futex, &me->go, FUTEX_WAIT, 0, 0);
    me->go = 0;
}

static noreturn_fn void run_handoff(void)
{
    arch_vector_restore(handoff.vector);
    arch_set_thread_pointer(handoff.thread_pointer);
    arch_set_gs_base(handoff.gs_base);
    host_timers_arm();
    hosted_enter(handoff.sp);
}

static void obey_call(struct host_task *me)
{
    me->result = host_call((long)me->call[0], me->call[1], me->call[2], me->call[3], me->call[4],
                           me->call[5], me->call[6]);
    pass_baton(&host_tasks[me->caller]);
}

/* A task without the baton, on its private stack. */
static noreturn_fn void wait_for_orders(void *unused)
{
    (void)unused;
    struct host_task *me = host_current();
    for (;;) {
        wait_for_go(me);
        switch (me->order) {
        case ORDER_RUN: run_handoff();
        case ORDER_CALL: obey_call(me); break;
        case ORDER_EXIT: host(HOST_exit_group, 0); break;
        default: break;
        }
    }
}

/* --- lives --- */

noreturn_fn void host_task_boot(void *unused)
{
    (void)unused;
    host_leftovers_unmap();
    own_memory(1);
    host_tasks[1].pid = (s32)host(HOST_getpid);
    host_supervision.baton = (u32)host_tasks[1].pid;
    this_cpu()->in_kernel = 1;
    own_registrations();
    on_start();
}

static noreturn_fn void start_waiting(u32 index)
{
    struct host_task *me = &host_tasks[index];
    me->pid = (s32)host(HOST_getpid);
    own_registrations();
    host_task_set_state(me, TASK_READY);
    wait_for_orders(NULL);
}

/* On the supervisor's stack, of which this is a copy; it is left before it is unmapped. */
static noreturn_fn void zygote_on_own_stack(void *index)
{
    host_leftovers_unmap();
    start_waiting((u32)(u64)index);
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
    start_waiting((u32)(u64)index);
}

/* Takes the first task in one state into another. 0: there is none. */
u32 host_task_claim(enum host_task_state from, enum host_task_state to)
{
    for (u32 i = 1; i < HOST_TASKS; i++) {
        u32 seen = from;
        if (__atomic_compare_exchange_n(&host_tasks[i].state, &seen, to, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return i;
    }
    return 0;
}

void host_task_set_state(struct host_task *t, enum host_task_state state)
{
    __atomic_store_n(&t->state, state, __ATOMIC_RELEASE);
    __atomic_add_fetch(&host_supervision.changes, 1, __ATOMIC_RELEASE);
    host(HOST_futex, &host_supervision.changes, FUTEX_WAKE, 1);
}

/* Several host tasks take turns: on one CPU a turn costs a seventh of what it costs across two.
 * The first fork or exec chooses the CPU; a program that stays alone is never pinned. */
static void pin(u32 index)
{
    static u64 cpus[16];
    static bool chosen;
    u32 cpu = 0;
    if (!chosen) {
        if (host(HOST_getcpu, &cpu, 0, 0) || cpu >= 64 * ARRAY_SIZE(cpus))
            return;
        cpus[cpu / 64] = 1ul << (cpu % 64);
        chosen = true;
        host(HOST_sched_setaffinity, 0, sizeof cpus, cpus);
    }
    host(HOST_sched_setaffinity, host_tasks[index].pid, sizeof cpus, cpus);
}

/* An empty host task, or 0 when the host gives none. */
static u32 take_zygote(void)
{
    u32 failures = host_supervision.failures;
    for (bool asked = false;; asked = true) {
        u32 changes = __atomic_load_n(&host_supervision.changes, __ATOMIC_ACQUIRE);
        u32 index = host_task_claim(TASK_READY, TASK_USED);
        if (index)
            pin(index);
        if (index || host_supervision.failures != failures)
            return index;
        if (!asked)
            host_supervisor_ask(REQUEST_ZYGOTE);
        host(HOST_futex, &host_supervision.changes, FUTEX_WAIT, changes, 0);
    }
}

/* --- space.c's first half: what an address space is --- */

int platform_space_init(struct platform_space *space)
{
    u32 index = 1;
    if (boot_task_taken)
        index = take_zygote();
    boot_task_taken = true;
    space->root = index;
    space->pages = 0;
    return index ? 0 : -ENOMEM;
}

/* The child's start, up to its first wait. false: the host killed it. */
static bool wait_until_ready(struct host_task *t)
{
    for (;;) {
        u32 changes = __atomic_load_n(&host_supervision.changes, __ATOMIC_ACQUIRE);
        u32 state = __atomic_load_n(&t->state, __ATOMIC_ACQUIRE);
        if (state != TASK_STARTING)
            return state == TASK_READY;
        host(HOST_futex, &host_supervision.changes, FUTEX_WAIT, changes, 0);
    }
}

int platform_space_fork(struct platform_space *copy)
{
    u32 index = host_task_claim(TASK_FREE, TASK_STARTING);
    if (!index)
        return -EAGAIN;
    struct host_task *t = &host_tasks[index];
    long pid = hosted_clone(CLONE_FILES | CLONE_PARENT | SIGCHLD, host_private_stack_top(), forked,
                            (void *)(u64)index);
    if (pid < 0) {
        t->state = TASK_FREE;
        return (int)pid;
    }
    t->pid = (s32)pid;
    if (!wait_until_ready(t))
        return -ENOMEM;
    t->state = TASK_USED;
    pin(index);
    copy->root = index;
    copy->pages = 0;
    return 0;
}

void platform_space_destroy(struct platform_space *space)
{
    u32 index = (u32)space->root;
    struct host_task *t = &host_tasks[index];
    space->root = 0;
    if (!index || t->state != TASK_USED)
        return;
    if (index == host_private->index)
        panic("the address space in use was destroyed");
    t->state = TASK_DYING;
    t->order = ORDER_EXIT;
    rouse(t);
}

static noreturn_fn void hand_over(void *to)
{
    pass_baton(to);
    wait_for_orders(NULL);
}

void platform_space_switch(const struct platform_space *space)
{
    struct host_task *to = &host_tasks[space->root];
    if (space->root == host_private->index)
        return;
    if (to->state != TASK_USED)
        panic("an address space was lost: its host process was killed");
    host_timers_disarm();
    arch_vector_save(handoff.vector);
    handoff.thread_pointer = arch_thread_pointer();
    handoff.gs_base = arch_gs_base();
    to->order = ORDER_RUN;
    hosted_leave(&handoff.sp, host_private_stack_top(), hand_over, to);
}

long host_call_in(const struct platform_space *space, long number, u64 a, u64 b, u64 c, u64 d,
                  u64 e, u64 f)
{
    struct host_task *me = host_current(), *to = &host_tasks[space->root];
    if (to == me)
        return host_call(number, a, b, c, d, e, f);
    if (to->state != TASK_USED)
        return -ESRCH;
    u64 call[] = {(u64)number, a, b, c, d, e, f};
    for (unsigned i = 0; i < ARRAY_SIZE(call); i++)
        to->call[i] = call[i];
    to->order = ORDER_CALL;
    to->caller = host_private->index;
    pass_baton(to);
    wait_for_go(me);
    return to->result;
}
