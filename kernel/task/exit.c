/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends of threads and processes. See exit_group(2), _exit(2), wait(2) for the status.
 */
#include "lib/log.h"
#include "memory/space.h"
#include "memory/user_memory.h"
#include "task/task.h"
#include "time/timer.h"

static void (*cleanup_hook)(struct process *p);
static noreturn_fn void (*power_off_hook)(int wait_status);

void task_set_cleanup(void (*hook)(struct process *p)) { cleanup_hook = hook; }
void task_set_power_off(noreturn_fn void (*hook)(int wait_status)) { power_off_hook = hook; }

/* pid 1 is gone: the machine ends with its status. */
static noreturn_fn void end_machine(struct process *p)
{
    if (cleanup_hook)
        cleanup_hook(p);
    assert_always(power_off_hook);
    power_off_hook(p->exit_status);
}

noreturn_fn void process_exit(int wait_status)
{
    struct process *p = current_process();
    if (!p->exiting) {
        p->exiting = true;
        p->exit_status = wait_status;
    }
    signal_end_process(p);
    thread_let_go();
    assert_always(p->pid == 1); /* the only process until fork makes others */
    end_machine(p);
}
