/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    the one CPU block; until when the running thread's time has been charged.
 * Promises: a thread is in the run queue (run_queue.h) exactly when it is runnable and not running.
 *           With nothing to run, the CPU idles on the last thread's kernel stack, so a thread that
 *           wakes again finds its vector state and thread pointer still in the CPU. Time is charged
 *           as it passed, to whom it served; idle time to nobody.
 * Locking:  none (one CPU, no preemption in the kernel).
 */
#include "arch/upcalls.h"
#include "lib/log.h"
#include "memory/page.h"
#include "memory/space.h"
#include "platform/platform.h"
#include "task/run_queue.h"
#include "task/task.h"
#include "time/timer.h"

struct cpu_block cpu_block;
static struct thread *running; /* whose time passes; NULL: nobody's, the CPU is idle */
static u64 charged_until_ns;

void scheduler_start(void) { running = NULL; }

static void mark_reschedule(void)
{
    __atomic_or_fetch(&this_cpu()->pending, PENDING_RESCHEDULE, __ATOMIC_RELAXED);
}

void scheduler_reconsider(void)
{
    if (running && run_queue_outranks(running))
        mark_reschedule();
}

void thread_make_runnable(struct thread *t)
{
    t->state = THREAD_RUNNABLE;
    if (t == running || !list_empty(&t->in_run_queue))
        return;
    run_queue_add_woken(t);
    scheduler_reconsider();
}

u64 thread_run_ns(const struct thread *t)
{
    u64 running_ns = t == running ? clock_monotonic_ns() - charged_until_ns : 0;
    return t->user_ns + t->system_ns + running_ns;
}

/* Time up to now is the thread's. */
static void charge(struct thread *t)
{
    u64 now_ns = clock_monotonic_ns();
    u64 ran_ns = t == running ? now_ns - charged_until_ns : 0;

    t->user_ns += ran_ns;
    t->slice_left_ns -= (s64)ran_ns;
    run_queue_charge(t, ran_ns, now_ns);
    charged_until_ns = now_ns;
}

void scheduler_interrupted(void)
{
    struct thread *t = current_thread();

    charge(t);
    if (run_queue_beats(t))
        mark_reschedule();
}

/* Until some thread can run: perhaps the one whose stack this is. */
static struct thread *idle(void)
{
    struct thread *next;

    running = NULL;
    do {
        platform_idle(timers_next_deadline());
        on_interrupt(NULL);
        next = run_queue_take();
    } while (!next);
    charged_until_ns = clock_monotonic_ns();
    return next;
}

static void put_aside(struct thread *t)
{
    if (t->state == THREAD_DEAD)
        return;
    thread_check_stack(t);
    arch_vector_park(t->vector_area);
    t->thread_pointer = arch_thread_pointer();
    t->gs_base = arch_gs_base();
}

static void take_up(struct thread *t)
{
    struct cpu_block *cpu = this_cpu();
    cpu->current = t;
    cpu->kernel_sp = (u64)(thread_frame(t) + 1);
    if (t->process->space != space_current())
        space_switch(t->process->space);
    arch_vector_restore(t->vector_area);
    arch_set_thread_pointer(t->thread_pointer);
    arch_set_gs_base(t->gs_base);
    if (signal_pending(t))
        __atomic_or_fetch(&cpu->pending, PENDING_SIGNAL, __ATOMIC_RELAXED);
}

/* `from` is charged, and in the run queue if it can run. */
static void switch_from(struct thread *from)
{
    struct thread *to = run_queue_take();

    if (!to)
        to = idle();
    running = to;
    if (to == from)
        return;
    from->switched = true;
    put_aside(from);
    take_up(to);
    arch_context_switch(&from->context, &to->context);
    thread_reap_dead();
}

void schedule(void)
{
    struct thread *from = current_thread();
    bool goes_on = from->state == THREAD_RUNNABLE;

    if (goes_on && run_queue_empty())
        return;
    charge(from);
    if (goes_on)
        run_queue_add_preempted(from);
    *(goes_on ? &from->preemptions : &from->waits) += 1;
    switch_from(from);
}

void thread_yield(void)
{
    struct thread *from = current_thread();

    if (run_queue_empty())
        return;
    charge(from);
    run_queue_add_yielded(from);
    from->preemptions++; /* as Linux counts it: the thread could have gone on */
    switch_from(from);
}

void scheduler_run(void)
{
    struct arch_context boot_context;
    struct thread *first = run_queue_take();

    if (!first)
        panic("no thread to start with");
    running = first;
    charged_until_ns = clock_monotonic_ns();
    take_up(first);
    arch_context_switch(&boot_context, &first->context);
    panic("the boot stack was resumed");
}
