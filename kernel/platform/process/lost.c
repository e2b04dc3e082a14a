/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spaces whose process the host killed.
 *
 * Holds:    which losses the rooms above have not heard of yet.
 * Promises: the loss of a process costs what it was: a space's memory, and the program that ran in
 *           it. Threads have their kernel stacks in shared memory, so they go on in an empty
 *           process that takes the lost one's place, find nothing of the program there, and end:
 *           task/ asks platform_space_lost and kills the processes whose space it was.
 *             lost while it waited       the kernel is told at its next interrupt;
 *             lost in its program        its thread comes back into the kernel as if interrupted;
 *             lost in an errand          host_call_in answers -ESRCH to the one who sent it;
 *             lost in kernel code        what it did since the last checkpoint is undone (undo.c), and
 *                                        it goes on from there.
 * Locking:  host_lost_mend and host_lost_forget are the holder's, the rest is the supervisor's: what it does to the
 *           baton, the handoff and the CPU block it does while the holder is dead.
 * Refuses:  going on when the host gives no process in place of the lost one, or when kernel code
 *           cannot be undone (the boot): status 125.
 * See:      baton.c, supervisor.c.
 */
#include "abi/linux/errno.h"
#include "abi/linux/signal.h"
#include "abi/linux/time.h"
#include "arch/cpu_block.h"
#include "arch/upcalls.h"
#include "lib/log.h"
#include "lib/undo.h"
#include "platform/process/host.h"

#define GIVE_UP_NS 2000000000ul

static const char killed_in_kernel[] =
    "elfin: kernel panic: its host process was killed from outside, in kernel code\n";
static const char no_substitute[] =
    "elfin: a host process was killed, and the host gives none in its place (ulimit -u)\n";

static noreturn_fn void end_with(const char *text, size_t length)
{
    host(HOST_write, 2, text, length);
    host_supervisor_end(125);
}

/* --- for the rooms above --- */

bool platform_space_lost(u64 *root)
{
    for (u32 i = 1; host_supervision.losses && i < host_supervision.tasks_end; i++) {
        struct host_task *t = &host_tasks[i];
        if (!t->loss_untold)
            continue;
        undo_note((const void *)&t->loss_untold, sizeof t->loss_untold); /* undone: told again */
        t->loss_untold = 0;
        __atomic_sub_fetch(&host_supervision.losses, 1, __ATOMIC_ACQ_REL);
        *root = (u64)t->generation << 32 | i;
        return true;
    }
    return false;
}

bool platform_space_is_lost(const struct platform_space *space)
{
    struct host_task *t = host_task_of(space);
    return !t || t->hollow;
}

void host_lost_forget(struct host_task *t)
{
    if (__atomic_exchange_n(&t->loss_untold, 0, __ATOMIC_ACQ_REL))
        __atomic_sub_fetch(&host_supervision.losses, 1, __ATOMIC_ACQ_REL);
}

/* The holder wants to run a thread of a lost space. Only the supervisor may put a process in place
 * of another: it knows of each whether it has ended. */
void host_lost_mend(struct host_task *t)
{
    for (;;) {
        u32 changes = host_task_changes();
        if (__atomic_load_n(&t->state, __ATOMIC_SEQ_CST) != TASK_LOST)
            return;
        host_supervision.to_mend = host_index(t); /* again: its substitute may have been killed */
        host_supervisor_ask();
        host_task_wait_for_change(changes);
    }
}

/* --- the supervisor --- */

/* The thread that was lost in its program, on its kernel stack: as if a timer had struck. */
static noreturn_fn void resume_lost_program(void)
{
    struct trap_frame *frame = (struct trap_frame *)this_cpu()->kernel_sp - 1;
    hosted_interrupt(frame);
    arch_resume(frame);
}

/* hosted_enter pops six registers and returns. */
static u64 stack_for(noreturn_fn void (*entry)(void))
{
    u64 top = align_down(this_cpu()->kernel_sp - sizeof(struct trap_frame), 16);
    u64 *at = (u64 *)top;
    *--at = 0; /* where a caller's return address would be: the entry is aligned as if called */
    *--at = (u64)entry;
    for (unsigned i = 0; i < 6; i++)
        *--at = 0;
    return (u64)at;
}

static void count_losses(void)
{
    u32 count = 0;
    for (u32 i = 1; i < host_supervision.tasks_end; i++)
        count += host_tasks[i].loss_untold;
    host_supervision.losses = count;
}

static void pass_to_run(struct host_task *t)
{
    t->order = ORDER_RUN;
    host_baton_pass(t);
}

/* The holder was lost, and an empty task is there to go on in its place. */
static void revive(struct host_task *t, struct host_task *empty, u64 sp)
{
    this_cpu()->in_host = 0;
    __atomic_or_fetch(&this_cpu()->pending, PENDING_INTERRUPT, __ATOMIC_SEQ_CST);
    host_task_adopt(t, empty);
    host_task_drop_nameless();
    host_baton_resume_at(sp ? sp : stack_for(resume_lost_program));
    pass_to_run(t);
}

/* The supervisor's own: platform_monotonic_ns is the holder's, its stores go into the holder's log. */
static u64 now(void)
{
    struct linux_timespec t;
    host(HOST_clock_gettime, CLOCK_MONOTONIC, &t);
    return (u64)t.tv_sec * NSEC_PER_SEC + (u64)t.tv_nsec;
}

/* An empty task in place of a lost one, or NULL: the supervisor shall try again when there may be
 * one. How long that goes on is counted for each lost one. */
static struct host_task *take_empty(u32 whom)
{
    static u64 since_ns;
    static u32 failures, wanted_for;
    u64 now_ns = now();
    u32 index = host_task_claim(TASK_READY, TASK_USED);
    if (!host_supervision.wants_zygote || wanted_for != whom) {
        wanted_for = whom;
        since_ns = now_ns;
        failures = host_supervision.failures;
    }
    bool refused = host_supervision.failures != failures; /* not: the host is slow */
    if (!index && refused && now_ns - since_ns > GIVE_UP_NS)
        end_with(no_substitute, sizeof no_substitute - 1);
    host_supervision.wants_zygote = !index;
    return index ? &host_tasks[index] : NULL;
}

/* Undoing twice is undoing once: an empty task may have to be waited for. */
static bool go_on_without(struct host_task *t)
{
    u32 next = host_index(t);
    u64 sp = 0;
    struct host_task *empty;
    if (!host_undo(&sp, &next))
        end_with(killed_in_kernel, sizeof killed_in_kernel - 1);
    count_losses();
    if (next != host_index(t)) { /* it was about to pass the baton: that is done in its stead */
        pass_to_run(&host_tasks[next]);
        return true;
    }
    empty = take_empty(host_index(t));
    if (empty)
        revive(t, empty, sp);
    return empty != NULL;
}

/* false: the holder is alive, or must be looked at again later. */
static bool mend_holder(void)
{
    struct host_task *t = &host_tasks[host_baton_holder()];
    if (t->state != TASK_LOST)
        return false;
    if (t->order != ORDER_CALL)
        return go_on_without(t);
    t->result = -ESRCH;
    host_baton_pass(&host_tasks[t->caller]);
    return true;
}

/* false: it must be looked at again later. The holder may want the next one already. */
static bool mend_wanted(void)
{
    u32 wanted = host_supervision.to_mend, seen = wanted;
    struct host_task *t = &host_tasks[wanted], *empty;
    if (t->state == TASK_LOST) {
        empty = take_empty(wanted);
        if (!empty)
            return false;
        if (!host_task_adopt(t, empty))
            host_task_set_state(empty, TASK_READY); /* the holder let it go just now */
    }
    __atomic_compare_exchange_n(&host_supervision.to_mend, &seen, 0, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_ACQUIRE);
    return true;
}

/* A holder that is lost comes first: once it goes on, it asks again for whom it wanted. */
void host_lost_look(void)
{
    while (mend_holder())
        ;
    if (host_tasks[host_baton_holder()].state != TASK_LOST && mend_wanted())
        host_supervision.wants_zygote = false;
}

/* It was USED and is reaped. Whoever runs shall hear of it soon: at the latest when it next leaves the kernel, or its tick
 * finds the program. */
void host_lost_task(struct host_task *t)
{
    u64 one = 1;
    t->hollow = t->loss_untold = 1;
    __atomic_add_fetch(&host_supervision.losses, 1, __ATOMIC_ACQ_REL);
    if (!host_task_try(t, TASK_USED, TASK_LOST)) { /* it is dropped just now */
        host_lost_forget(t);
        host_task_set_state(t, TASK_FREE);
        return;
    }
    __atomic_or_fetch(&this_cpu()->pending, PENDING_INTERRUPT, __ATOMIC_SEQ_CST);
    host(HOST_write, host_supervision.idle_fd, &one, sizeof one);
    host_lost_look();
}
