/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The last stop before a program resumes: interrupts that waited, another thread's turn, signals.
 * Promises: returns with nothing pending that could be worked off now.
 */
#include "arch/upcalls.h"
#include "memory/space.h"
#include "platform/platform.h"
#include "task/rseq.h"
#include "task/signal_internal.h"
#include "task/task.h"
#include "time/timer.h"

static bool take_pending(u32 bit)
{
    struct cpu_block *cpu = this_cpu();
    bool was = cpu->pending & bit;
    __atomic_and_fetch(&cpu->pending, ~bit, __ATOMIC_RELAXED);
    return was;
}

static void tick(void)
{
    cpu_alarms_check(current_process());
    scheduler_interrupted();
}

/* One that struck kernel code: what it means for the program was left for now. */
static void late_interrupt(void)
{
    on_interrupt(NULL);
    tick();
}

/* A program that calls stands in no restartable sequence. */
static void look_at_sequence(struct trap_frame *frame)
{
    struct thread *t = current_thread();

    if (t->switched && !frame_in_call(frame))
        rseq_interrupted(frame);
    t->switched = false;
}

bool task_before_return(struct trap_frame *frame)
{
    bool changed = false;

    look_at_sequence(frame);
    while (this_cpu()->pending) {
        if (take_pending(PENDING_INTERRUPT))
            late_interrupt();
        if (take_pending(PENDING_RESCHEDULE))
            schedule();
        if (take_pending(PENDING_SIGNAL))
            changed |= signals_deliver(frame);
        look_at_sequence(frame);
    }
    rewrite_resume(frame);
    return changed;
}

/* Their memory is gone: nothing of these programs can go on. */
static void kill_in_lost_spaces(void)
{
    u64 root;

    while (platform_space_lost(&root)) {
        list_for_each(node, process_all()) {
            struct process *p = list_entry(node, struct process, link);
            if (p->space && p->space->platform.root == root)
                signal_send_process(p, SIGKILL, &(struct linux_siginfo){.si_signo = SIGKILL,
                                                                        .si_code = SI_KERNEL});
        }
    }
}

void task_after_interrupt(struct trap_frame *frame)
{
    timers_run();
    kill_in_lost_spaces();
    if (!frame)
        return;
    rewrite_settle(frame);
    tick();
    task_before_return(frame);
}
