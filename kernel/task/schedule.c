/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds: the run queue and the one CPU block.
 * Promises: round robin among runnable threads; a thread is in the queue exactly when it is
 * runnable and not running. With nothing to run, the CPU idles on the last thread's kernel stack,
 * so a thread that wakes again finds its vector state and thread pointer still in the CPU.
 * Locking: none (one CPU, no preemption in the kernel).
 */
#include "arch/upcalls.h"
#include "lib/log.h"
#include "memory/page.h"
#include "memory/space.h"
#include "platform/platform.h"
#include "task/task.h"
#include "time/timer.h"

struct cpu_block cpu_block;
static struct list run_queue = LIST_INIT(run_queue);
static u64 switched_at_ns;

void scheduler_start(void)
{
    list_init(&run_queue);
    switched_at_ns = clock_monotonic_ns();
}

void thread_make_runnable(struct thread *t)
{
    t->state = THREAD_RUNNABLE;
    if (t != current_thread() && list_empty(&t->in_run_queue))
        list_push_back(&run_queue, &t->in_run_queue);
}

u64 thread_run_ns(const struct thread *t)
{
    u64 running_ns = t == current_thread() ? clock_monotonic_ns() - switched_at_ns : 0;
    return t->user_ns + t->system_ns + running_ns;
}

/* The next thread to run; idles until there is one. May be the current one. */
static struct thread *pick(struct thread *current)
{
    for (;;) {
        struct list *first = list_pop_front(&run_queue);
        if (first)
            return list_entry(first, struct thread, in_run_queue);
        if (current && current->state == THREAD_RUNNABLE)
            return current;
        platform_idle(timers_next_deadline());
        on_interrupt(NULL);
    }
}

static void put_aside(struct thread *t)
{
    if (t->state == THREAD_DEAD)
        return;
    arch_vector_save(t->vector_area);
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

static void account(struct thread *t)
{
    u64 now_ns = clock_monotonic_ns();
    t->user_ns += now_ns - switched_at_ns;
    switched_at_ns = now_ns;
}

void schedule(void)
{
    struct thread *from = current_thread();
    if (from->state == THREAD_RUNNABLE && list_empty(&run_queue))
        return;
    account(from);
    if (from->state == THREAD_RUNNABLE)
        list_push_back(&run_queue, &from->in_run_queue);
    struct thread *to = pick(from);
    switched_at_ns = clock_monotonic_ns();
    if (to == from)
        return;
    thread_check_stack(from);
    put_aside(from);
    take_up(to);
    arch_context_switch(&from->context, &to->context);
    thread_reap_dead();
}

void thread_yield(void)
{
    schedule();
}

void scheduler_run(void)
{
    struct arch_context boot_context;
    struct thread *first = pick(NULL);
    take_up(first);
    arch_context_switch(&boot_context, &first->context);
    panic("the boot stack was resumed");
}
